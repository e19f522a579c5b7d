"""Contradictions (矛盾): money that was paid for an aid case which outreach has withdrawn since."""
