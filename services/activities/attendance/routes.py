"""The routes of attendance."""

from __future__ import annotations

from services.activities.attendance.rules import ATTENDANCE
from services.activities.attendance.schema import AttendanceSchema
from services.activities.presence.routes import body_of_presence, routes_of_presence

AttendanceIn = body_of_presence(ATTENDANCE, "AttendanceIn")
AttendanceRoutes = routes_of_presence(
    ATTENDANCE, "考勤", AttendanceSchema, AttendanceIn, "/attendances", "/sessions", "session_id"
)
