"""Attendance as a sheet of the workbook 活动学习."""

from __future__ import annotations

from dataclasses import replace

from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Sheet
from services.activities.attendance.model import Attendance
from services.activities.attendance.rules import ATTENDANCE
from services.activities.attendance.schema import AttendanceSchema
from services.activities.presence.rows import PresenceRows

_SESSION_NO = replace(
    number("场次编号", "session_no", "CC-0001", "须在本工作簿的对应表中。"), help_en="The number.", refers_to="sessions"
)

SHEET = Sheet(
    title_zh="考勤",
    name="attendances",
    key=("session_no", "cadre_id"),
    help_zh="一位干部参加一场填一行。干部去世后不能再有考勤。",
    help_en="One row for one cadre at one session. A cadre can't attend after the date of death.",
    columns=(_SESSION_NO, *columns_of(AttendanceSchema)),
)


class AttendanceRows(PresenceRows):
    """Each row is an attendance."""

    sheet = SHEET
    model = Attendance
    kind = ATTENDANCE
    number = "session_no"
