"""Attendance (考勤): which cadre attended which session."""
