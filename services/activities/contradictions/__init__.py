"""Contradictions (矛盾): attendance, checks and works that what is known of the cadre does not allow."""
