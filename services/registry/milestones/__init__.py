"""Milestones: the 70th, 80th, 90th and 100th birthday, and fifty years in the Party (光荣在党50年)."""
