"""Cadres transferred to another bureau, and back."""
