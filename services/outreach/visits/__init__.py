"""Visits (走访): calls on a cadre or the family, recorded, amended, voided."""
