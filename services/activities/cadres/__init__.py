"""The cadres as the registry's events describe them: a copy without names that follows merges."""
