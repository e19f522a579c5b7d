"""Attendance: which cadre attended which session, once each, not before its date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.activities import presence
from services.activities.events import ATTENDANCE_AMENDED, ATTENDANCE_RECORDED, ATTENDANCE_VOIDED
from services.activities.models import Attendance, Meeting


def _data(meeting: Meeting, attendance: Attendance) -> dict[str, Any]:
    return {
        "session_id": meeting.id,
        "cadre_id": attendance.cadre_id,
        "programme": meeting.programme,
        "attended_on": attendance.on.isoformat(),
    }


ATTENDANCE = presence.Kind(
    entity="attendance",
    model=Attendance,
    owner=Meeting,
    day="attended_on",
    too_early="attendance-before-session",
    recorded=ATTENDANCE_RECORDED,
    amended=ATTENDANCE_AMENDED,
    voided=ATTENDANCE_VOIDED,
    data=_data,
)


def record(session: Session, meeting: Meeting, cadre_id: str, attended_on: date | None, today: date) -> presence.Entry:
    """Record one cadre's attendance of a session (locked by the caller). Raises what presence.record raises."""
    known = presence.known(session, ATTENDANCE, [(meeting.id, cadre_id)])
    return presence.record(session, ATTENDANCE, meeting, cadre_id, attended_on, known, today)


def record_all(session: Session, meeting: Meeting, attendances: Sequence[dict[str, Any]], today: date) -> None:
    """Record a list of {cadre_id, attended_on}, in its order, all or none. Raises what presence.record raises."""
    known = presence.known(session, ATTENDANCE, ((meeting.id, item["cadre_id"]) for item in attendances))
    for index, item in enumerate(attendances):
        at = f"#/attendances/{index}"
        presence.record(session, ATTENDANCE, meeting, item["cadre_id"], item["attended_on"], known, today, at)
