"""Sessions, attendance, works, health checks and vaccination drives as a workbook (活动学习)."""

from __future__ import annotations

from hongxia.definition import Importable
from hongxia.workbook.declare import Workbook
from services.activities.attendance.sheet import SHEET as ATTENDANCES
from services.activities.attendance.sheet import AttendanceRows
from services.activities.checks.sheet import SHEET as HEALTH_CHECK_PERSONS
from services.activities.checks.sheet import CheckRows
from services.activities.drives.sheet import SHEET as VACCINATION_DRIVES
from services.activities.drives.sheet import DriveRows
from services.activities.health_checks.sheet import SHEET as HEALTH_CHECKS
from services.activities.health_checks.sheet import HealthCheckRows
from services.activities.roles import WRITERS
from services.activities.rosters.sheet import SHEET as VACCINATION_ROSTERS
from services.activities.rosters.sheet import RosterRows, vaccinated_are_among_those_attending
from services.activities.sessions.sheet import SHEET as SESSIONS
from services.activities.sessions.sheet import SessionRows, only_what_was_held_has_attendance, research_has_a_topic
from services.activities.works.sheet import SHEET as WORKS
from services.activities.works.sheet import WorkRows

ACTIVITIES = Workbook(
    name="activities",
    title_zh="活动学习",
    service="activities",
    order=4,
    sheets=(
        SESSIONS,
        ATTENDANCES,
        WORKS,
        HEALTH_CHECKS,
        HEALTH_CHECK_PERSONS,
        VACCINATION_DRIVES,
        VACCINATION_ROSTERS,
    ),
    checks=(research_has_a_topic, only_what_was_held_has_attendance, vaccinated_are_among_those_attending),
    help_zh="学习授课、文体活动、作品征集、健康体检和疫苗接种。",
    help_en="Learning, activities, works, health checks and vaccination drives.",
)

IMPORTABLE = Importable(
    ACTIVITIES,
    (SessionRows(), AttendanceRows(), WorkRows(), HealthCheckRows(), CheckRows(), DriveRows(), RosterRows()),
    WRITERS,
)
