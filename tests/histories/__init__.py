"""Random histories of a whole bureau: whatever happens, and in whatever order, the figures are those of a recount."""
