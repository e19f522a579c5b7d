"""The cadres as the registry's events tell of them: a copy without names that follows merges."""
