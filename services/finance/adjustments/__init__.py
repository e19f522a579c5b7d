"""Adjustments (预算调整): raises and cuts of a line within its year."""
