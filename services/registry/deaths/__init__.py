"""The death of a cadre: recorded, its date corrected, withdrawn."""
