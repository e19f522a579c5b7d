"""That a cadre was there: what attendance of a session and a check in a health-check batch have in common."""
