"""Benchmarks: speed as a ratio to yardsticks measured in the same rounds."""
