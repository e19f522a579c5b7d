"""The dashboard: the year's figures for the office's browser."""
