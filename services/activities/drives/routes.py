"""The routes of vaccination drives."""

from __future__ import annotations

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.rules import ENTERED_TWICE
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.activities.drives import rules
from services.activities.drives.model import Drive
from services.activities.drives.schema import DriveSchema
from services.activities.roles import READERS, WRITERS


class DriveRoutes:
    """Drives: recorded, listed, read, amended, voided."""

    list_drives = listing("/drives", "接种专场列表", READERS, DriveSchema, Drive, by="starts_on")
    get_drive = read("/drives/<id>", "接种专场", READERS, DriveSchema, Drive)

    @create("/drives", "登记接种专场", WRITERS, DriveSchema, key=True, number="drive_no", asks=(ENTERED_TWICE,))
    def record_drive(self, call: Call) -> Drive:
        """A drive that was held."""
        number, year = call.body["drive_no"], call.body["starts_on"].year
        drive_id = records.numbered_id(call.session, Drive, year, number, "drive_no")
        return rules.record(call.session, drive_id, call.body, call.today, call.confirmed)

    @amend("/drives/<id>", "修改接种专场", WRITERS, DriveSchema, Drive)
    def amend_drive(self, call: Call, drive: Drive, reason: str) -> Drive:
        """Another title or first day."""
        return rules.amend(call.session, drive, call.body, reason, call.today)

    @act("/drives/<id>/void", "作废接种专场", WRITERS, DriveSchema, Drive, body=VoidIn)
    def void_drive(self, call: Call, drive: Drive) -> Drive:
        """It does not count any more; its rosters are voided with it."""
        return rules.void(call.session, drive, call.body["reason"])
