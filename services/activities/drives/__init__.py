"""Vaccination drives (接种专场), of one or several days."""
