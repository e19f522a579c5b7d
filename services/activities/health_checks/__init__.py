"""Health-check batches (体检批次)."""
