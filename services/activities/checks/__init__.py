"""Checks (体检人员): which cadre was checked in which health-check batch."""
