"""The routes of sessions."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, missing, validate
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.rules import ENTERED_TWICE
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import body_of
from hongxia.schema.fields import Code, Count, Day
from services.activities.attendance.routes import AttendanceIn
from services.activities.attendance.rules import ATTENDANCE
from services.activities.cadres.mirror import CADRES
from services.activities.presence import rules as presence
from services.activities.roles import READERS, WRITERS
from services.activities.sessions import rules
from services.activities.sessions.model import Meeting
from services.activities.sessions.rules import FAR_ABOVE
from services.activities.sessions.schema import CANCEL_REASONS, STATES, SessionSchema

MOST_AT_ONCE = 5_000


def _attendances() -> Any:
    listed = fields.Nested(AttendanceIn)
    return fields.List(listed, load_default=list, validate=validate.Length(max=MOST_AT_ONCE))


SessionIn = body_of(SessionSchema).from_dict(
    {
        "state": Code(
            {name: STATES[name] for name in ("scheduled", "held")},
            label="状态",
            required=False,
            load_default="scheduled",
        ),
        "attendances": _attendances(),
    },
    name="SessionIn",
)
"""A session to schedule, or to record after it was held, then with those who attended if they are known."""


class HoldIn(Schema):
    """A scheduled session took place: on the day planned unless another is given."""

    held_on = Day(label="日期", required=False, load_default=missing)
    others_count = Count(0, 1_000_000, label="其他参加人次", required=False, load_default=missing)
    attendances = _attendances()


class CancelIn(Schema):
    """Why a session is cancelled; its answer says so in `void_reason`."""

    reason = Code(CANCEL_REASONS, label="原因")


def _lock_attendants(session: Session, _meeting: Any, body: Any) -> None:
    CADRES.lock_all(session, (item["cadre_id"] for item in body["attendances"]))


class SessionRoutes:
    """Sessions: scheduled or recorded, listed, read, amended, held, cancelled."""

    list_sessions = listing(
        "/sessions", "场次列表", READERS, SessionSchema, Meeting, by="held_on", equal=("programme",)
    )
    get_session = read("/sessions/<id>", "场次", READERS, SessionSchema, Meeting)

    @create(
        "/sessions",
        "登记场次",
        WRITERS,
        SessionSchema,
        body=SessionIn,
        key=True,
        number="session_no",
        asks=(ENTERED_TWICE, FAR_ABOVE),
    )
    def record_session(self, call: Call) -> Meeting:
        """Schedule a session, or record one that was held, with its attendance."""
        state, attendances = call.body.pop("state"), call.body.pop("attendances")
        number, year = call.body["session_no"], call.body["held_on"].year
        session_id = records.numbered_id(call.session, Meeting, year, number, "session_no")
        meeting = rules.record(call.session, session_id, call.body, state, call.today, call.confirmed)
        if attendances:
            call.session.flush()
            presence.record_all(call.session, ATTENDANCE, meeting, attendances, call.today, "attendances")
        return meeting

    @amend(
        "/sessions/<id>",
        "修改场次",
        WRITERS,
        SessionSchema,
        Meeting,
        asks=(FAR_ABOVE,),
        first=presence.lock_cadres_of(ATTENDANCE),
    )
    def amend_session(self, call: Call, meeting: Meeting, reason: str) -> Meeting:
        """Anything that was recorded of it; its attendance follows its programme and date."""
        return rules.amend(call.session, meeting, call.body, reason, call.today, call.confirmed)

    @act(
        "/sessions/<id>/hold",
        "场次已举办",
        WRITERS,
        SessionSchema,
        Meeting,
        body=HoldIn,
        asks=(FAR_ABOVE,),
        first=_lock_attendants,
    )
    def hold_session(self, call: Call, meeting: Meeting) -> Meeting:
        """A scheduled session took place; with those who attended, if they are known."""
        attendances = call.body.pop("attendances")
        rules.hold(call.session, meeting, call.body, call.today, call.confirmed)
        presence.record_all(call.session, ATTENDANCE, meeting, attendances, call.today, "attendances")
        return meeting

    @act(
        "/sessions/<id>/cancel",
        "取消场次",
        WRITERS,
        SessionSchema,
        Meeting,
        body=CancelIn,
        first=presence.lock_cadres_of(ATTENDANCE),
    )
    def cancel_session(self, call: Call, meeting: Meeting) -> Meeting:
        """It does not take place, or did not; its attendance is voided with it."""
        return rules.cancel(call.session, meeting, call.body["reason"])
