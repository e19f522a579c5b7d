"""Sessions (场次) of the programmes: scheduled, held or cancelled; see transitions.SESSION."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from hongxia.http.problems import Rule
from services.activities import days, presence, records
from services.activities.attendance import ATTENDANCE
from services.activities.events import SESSION_AMENDED, SESSION_CANCELLED, SESSION_HELD, SESSION_SCHEDULED
from services.activities.models import Meeting
from services.activities.transitions import NEW, SESSION, move, must_be
from services.activities.transitions import SESSION_CANCELLED as FELL

EVENT_OF = {"scheduled": SESSION_SCHEDULED, "held": SESSION_HELD, "cancelled": SESSION_CANCELLED}


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to write down; codes as in the workbook, `others_count` attendance that is not listed by name."""

    session_no: str | None
    programme: str
    title: str
    held_on: date
    host: str
    venue: str | None
    topic: str | None
    others_count: int


def id_of_new(session: Session, new: NewSession) -> str:
    """The id of a session to be. Raises Conflict (session-exists) if the year has its number."""
    return records.numbered_id(session, Meeting, new.held_on.year, new.session_no, "session_no")


def enter(session: Session, meeting_id: str, new: NewSession, state: str, today: date) -> Meeting:
    """Write a session down as scheduled, held or cancelled.

    Raises Rule (research-without-topic, others-without-session, date-too-early, date-in-future, date-too-far).
    """
    meeting = Meeting(id=meeting_id, year=new.held_on.year, state=NEW, version=0, **asdict(new))
    move(meeting, SESSION, state)
    _check(meeting, today)
    session.add(meeting)
    _tell(session, EVENT_OF[state], meeting)
    return meeting


def hold(session: Session, meeting: Meeting, changes: Mapping[str, Any], today: date) -> Meeting:
    """A scheduled session took place, perhaps on another day than planned. Raises Conflict (wrong-state), Rule."""
    move(meeting, SESSION, "held")
    for name, value in changes.items():
        setattr(meeting, name, value)
    _check(meeting, today)
    _tell(session, SESSION_HELD, meeting)
    return meeting


def amend(session: Session, meeting: Meeting, changes: Mapping[str, Any], today: date) -> Meeting:
    """Correct what is written of a session; its attendance follows its programme and date (see presence.follow).

    Raises Conflict (wrong-state) for a cancelled one, and Rule as `enter` and presence.follow do.
    """
    must_be(meeting, "scheduled", "held")
    old_day = meeting.held_on
    changed = records.change(meeting, changes)
    _check(meeting, today)
    if changed:
        _tell(session, SESSION_AMENDED, meeting)
    if changed & {"programme", "held_on"}:
        presence.follow(session, ATTENDANCE, meeting, old_day, every="programme" in changed)
    return meeting


def cancel(session: Session, meeting: Meeting, reason: str) -> Meeting:
    """A session does not take place, or turned out not to have; nobody attended it. Raises Conflict (wrong-state)."""
    move(meeting, SESSION, "cancelled", reason)
    meeting.others_count = 0
    _tell(session, SESSION_CANCELLED, meeting)
    presence.void_all(session, ATTENDANCE, meeting, FELL)
    return meeting


def _check(meeting: Meeting, today: date) -> None:
    if meeting.state == "held":
        days.past(meeting.held_on, today, "#/held_on")
    else:
        days.planned(meeting.held_on, today, "#/held_on")
        if meeting.others_count:
            raise Rule("没有举办的场次不应有参加人次", slug="others-without-session", pointer="#/others_count")
    if meeting.programme == "research" and not meeting.topic:
        raise Rule("专题调研应填写专题", slug="research-without-topic", pointer="#/topic")


def _tell(session: Session, event_type: EventType, meeting: Meeting) -> None:
    data = {
        "programme": meeting.programme,
        "title": meeting.title,
        "host": meeting.host,
        "topic": meeting.topic,
        "held_on": meeting.held_on.isoformat(),
        "others_count": meeting.others_count,
        "state": meeting.state,
    }
    append(
        session,
        event_type,
        subject=meeting.id,
        entityversion=meeting.version,
        occurredon=meeting.held_on,
        data=data,
    )
