"""Attendance in the words of services.activities.presence, where its rules are."""

from __future__ import annotations

from services.activities.attendance.events import ATTENDANCE_AMENDED, ATTENDANCE_RECORDED, ATTENDANCE_VOIDED
from services.activities.attendance.model import Attendance
from services.activities.attendance.schema import SESSION_CANCELLED
from services.activities.presence.rules import Kind
from services.activities.sessions.model import Meeting

ATTENDANCE = Kind(
    model=Attendance,
    owner=Meeting,
    day="attended_on",
    day_label="参加日期",
    too_early="attendance-before-session",
    fell=SESSION_CANCELLED,
    recorded=ATTENDANCE_RECORDED,
    amended=ATTENDANCE_AMENDED,
    voided=ATTENDANCE_VOIDED,
    carries=lambda meeting: {"programme": meeting.programme},
)
