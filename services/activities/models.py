"""All tables of activities, so that whoever needs them together imports one module."""

from __future__ import annotations

from services.activities.attendance.model import Attendance
from services.activities.base import Base
from services.activities.cadres.model import Cadre
from services.activities.checks.model import Check
from services.activities.contradictions.model import Contradiction
from services.activities.drives.model import Drive
from services.activities.health_checks.model import HealthCheck
from services.activities.rosters.model import Roster
from services.activities.sessions.model import Meeting
from services.activities.units.model import Unit
from services.activities.works.model import Work

RECORDS = (Meeting, Attendance, Work, HealthCheck, Check, Drive, Roster, Unit, Contradiction)
METADATA = Base.metadata

__all__ = ["METADATA", "RECORDS", "Cadre"]
