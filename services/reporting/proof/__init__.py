"""Proof: whether a figure is complete, and whether facts, log and sources say the same."""
