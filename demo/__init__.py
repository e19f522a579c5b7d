"""A fictitious bureau's year as workbooks: what the demonstration imports, and whole-year tests."""
