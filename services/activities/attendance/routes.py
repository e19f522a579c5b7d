"""The routes of attendance."""

from __future__ import annotations

from marshmallow import Schema

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from hongxia.schema.fields import CadreRef, Day
from services.activities.attendance.model import Attendance
from services.activities.attendance.rules import ATTENDANCE
from services.activities.attendance.schema import AttendanceSchema
from services.activities.cadres.mirror import CADRES
from services.activities.presence import rules
from services.activities.roles import READERS, WRITERS
from services.activities.sessions.model import Meeting


class AttendanceIn(Schema):
    """A cadre at a session; without `attended_on` on the session's day."""

    cadre_id = CadreRef()
    attended_on = Day(label="参加日期", required=False)


class AttendanceRoutes:
    """Attendance: recorded, listed, read, amended, voided."""

    list_attendances = listing(
        "/attendances",
        "考勤列表",
        READERS,
        AttendanceSchema,
        Attendance,
        by="attended_on",
        equal=("session_id", "cadre_id"),
        narrow=CADRES.of_entity,
    )
    get_attendance = read("/attendances/<id>", "考勤", READERS, AttendanceSchema, Attendance)

    @create("/sessions/<uuid:session_id>/attendances", "登记考勤", WRITERS, AttendanceSchema, body=AttendanceIn)
    def record_attendance(self, call: Call, session_id: str) -> Attendance:
        """A cadre attended a session that was held."""
        CADRES.lock(call.session, call.body["cadre_id"])
        meeting = records.lock(call.session, Meeting, session_id)
        entry: Attendance = rules.record_all(call.session, ATTENDANCE, meeting, [call.body], call.today)[0]
        return entry

    @amend("/attendances/<id>", "修改考勤", WRITERS, AttendanceSchema, Attendance, first=rules.lock_before(ATTENDANCE))
    def amend_attendance(self, call: Call, entry: Attendance, reason: str) -> Attendance:
        """Another date."""
        amended: Attendance = rules.amend(call.session, ATTENDANCE, entry, call.body, reason, call.today)
        return amended

    @act(
        "/attendances/<id>/void",
        "作废考勤",
        WRITERS,
        AttendanceSchema,
        Attendance,
        body=VoidIn,
        first=rules.lock_before(ATTENDANCE),
    )
    def void_attendance(self, call: Call, entry: Attendance) -> Attendance:
        """It does not count any more."""
        voided: Attendance = rules.void(call.session, ATTENDANCE, entry, call.body["reason"])
        return voided
