"""What changes about a cadre from a date on: rank, treatment, medical treatment, liaison, care, unit, street."""
