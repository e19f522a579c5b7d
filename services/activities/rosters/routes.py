"""The routes of rosters."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.activities.drives.model import Drive
from services.activities.roles import READERS, WRITERS
from services.activities.rosters import rules
from services.activities.rosters.model import Roster
from services.activities.rosters.schema import RosterSchema


def _lock_drive(session: Session, roster: Any, _body: Any) -> None:
    records.lock(session, Drive, roster.drive_id)


class RosterRoutes:
    """Rosters: recorded, listed, read, amended, voided."""

    list_rosters = listing(
        "/rosters", "接种名册列表", READERS, RosterSchema, Roster, by="on", equal=("drive_id", "unit")
    )
    get_roster = read("/rosters/<id>", "接种名册", READERS, RosterSchema, Roster)

    @create("/drives/<uuid:drive_id>/rosters", "登记接种名册", WRITERS, RosterSchema)
    def record_roster(self, call: Call, drive_id: str) -> Roster:
        """A unit's numbers on one day."""
        drive = records.lock(call.session, Drive, drive_id)
        roster = rules.record(call.session, drive, call.body, call.today)
        call.session.flush()  # so that the answer can name the unit
        return roster

    @amend("/rosters/<id>", "修改接种名册", WRITERS, RosterSchema, Roster, first=_lock_drive)
    def amend_roster(self, call: Call, roster: Roster, reason: str) -> Roster:
        """Other numbers."""
        return rules.amend(call.session, roster, call.body, reason)

    @act("/rosters/<id>/void", "作废接种名册", WRITERS, RosterSchema, Roster, body=VoidIn, first=_lock_drive)
    def void_roster(self, call: Call, roster: Roster) -> Roster:
        """Its numbers do not count any more."""
        return rules.void(call.session, roster, call.body["reason"])
