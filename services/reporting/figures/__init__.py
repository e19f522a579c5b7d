"""Figures: what the catalogue declares, counted from the facts as of a day."""
