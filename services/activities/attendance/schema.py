"""What is recorded of an attendance."""

from __future__ import annotations

from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import CadreRef, Day, Id
from services.activities.presence.model import lifecycle_of, reasons_with

LIFECYCLE = lifecycle_of("attendance", "考勤")

SESSION_CANCELLED = "session-cancelled"

REASONS = reasons_with(SESSION_CANCELLED, "场次已取消")


class AttendanceSchema(RecordSchema):
    """A cadre's attendance of a session, once each."""

    lifecycle = LIFECYCLE

    session_id = Id(label="场次", help_en="the session", published=True, dump_only=True)
    cadre_id = CadreRef(published=True, amendable=False)
    attended_on = Day(
        label="参加日期",
        help="不早于场次日期和干部的登记日期，干部去世、转出后不能再有考勤。",
        help_en="the date, not before the session's",
        published=True,
        column=False,
    )
