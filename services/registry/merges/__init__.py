"""Two records of one person: candidates found, one record merged into the other, and the merge undone."""
