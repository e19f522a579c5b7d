"""Stays in hospital (住院): reported, amended, ended, voided."""
