"""Requests and suggestions (有呼必应): received, amended, assigned, resolved, voided."""
