"""Activities, put together from its rooms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongxia.cadres import REGISTRY
from hongxia.definition import Definition
from hongxia.events.envelope import Event
from hongxia.runtime.consume import consume
from hongxia.runtime.lists import routes_of_list
from hongxia.runtime.service import Service
from services.activities.attendance import events as attendance
from services.activities.attendance.routes import AttendanceRoutes
from services.activities.cadres import follow
from services.activities.checks import events as checks
from services.activities.checks.routes import CheckRoutes
from services.activities.contradictions.model import CONTRADICTIONS
from services.activities.contradictions.routes import ContradictionRoutes
from services.activities.drives import events as drives
from services.activities.drives.routes import DriveRoutes
from services.activities.health_checks import events as health_checks
from services.activities.health_checks.routes import HealthCheckRoutes
from services.activities.models import METADATA, RECORDS
from services.activities.roles import READERS, WRITERS
from services.activities.rosters import events as rosters
from services.activities.rosters.routes import RosterRoutes
from services.activities.sessions import events as sessions
from services.activities.sessions.routes import SessionRoutes
from services.activities.units.model import UNITS
from services.activities.workbook import IMPORTABLE
from services.activities.works import events as works
from services.activities.works.routes import WorkRoutes

ROOMS = (sessions, attendance, works, health_checks, checks, drives, rosters)


class ActivitiesService(
    SessionRoutes,
    AttendanceRoutes,
    WorkRoutes,
    HealthCheckRoutes,
    CheckRoutes,
    DriveRoutes,
    RosterRoutes,
    routes_of_list(UNITS, "/units", "单位", READERS, WRITERS),  # type: ignore[misc]
    ContradictionRoutes,
    Service,
):
    """场次与考勤、作品、体检、接种。"""

    name = "activities"
    definition = Definition(
        title="活动学习",
        metadata=METADATA,
        migrations="services.activities:migrations",
        events=(*(event for room in ROOMS for event in room.EVENTS), *UNITS.events, *CONTRADICTIONS.events),
        lifecycles=tuple(model.lifecycle for model in RECORDS),
        workbooks=(IMPORTABLE,),
        clear=follow.clear,
    )

    @consume(REGISTRY)
    def from_registry(self, session: Session, events: Sequence[Event]) -> None:
        """Cadres, as the registry describes them."""
        follow.from_registry(session, events)
