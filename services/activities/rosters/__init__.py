"""Rosters (接种名册): one unit on one day of a vaccination drive, in numbers."""
