"""What may be recorded of sessions, held, amended and cancelled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import Violation, ask, past_day, refuse
from services.activities.attendance.rules import ATTENDANCE
from services.activities.cadres.mirror import living
from services.activities.days import planned_day
from services.activities.presence import rules as presence
from services.activities.sessions.events import SESSION_AMENDED, SESSION_CANCELLED, SESSION_HELD, SESSION_SCHEDULED
from services.activities.sessions.model import Meeting
from services.activities.twins import ask_about_twin

BEGINS = {
    "scheduled": ("schedule", SESSION_SCHEDULED, {}),
    "held": ("hold", SESSION_HELD, {}),
    "cancelled": ("cancel", SESSION_CANCELLED, {"reason": None}),
}
"""How a session begins in a state: the verb, the event, and what the event holds besides the record."""

FAR_ABOVE = "count-far-above-cadres"
"""The question whether attendance that is not listed by name is really so high."""

TIMES_CADRES = 20
"""How often every living cadre may be counted in one session before it is asked about: families and neighbours come
along, but nobody brings twenty; a typed digit too many makes it ten times or more.
"""

NEVER_ASKED = 500
"""Up to this it is never asked about, however few cadres are known: a hall holds as many."""


def violations(values: Mapping[str, Any], state: str, today: date) -> Iterator[Violation]:
    """Yield what is wrong with a session in a state; `values` are those of SessionSchema."""
    if state == "held":
        yield from past_day("held_on", values["held_on"], today)
    else:
        yield from planned_day("held_on", values["held_on"], today)
        if values["others_count"]:
            message = f"没有举办的场次不应有参加人次（{values['others_count']}）；已举办的，请登记为已举办"
            yield Violation("others_count", "others-without-session", message)
    if values["programme"] == "research" and not values["topic"]:
        yield Violation("topic", "research-without-topic", "类型为“专题调研”的应填写专题")


def record(
    session: Session,
    session_id: str,
    values: Mapping[str, Any],
    state: str,
    today: date,
    confirmed: Collection[str] = (),
) -> Meeting:
    """Record a session as scheduled, held or cancelled.

    Raises Refused, Question (entered-twice, count-far-above-cadres).
    """
    refuse(violations(values, state, today))
    meeting = Meeting(id=session_id, **values)
    _ask_about_twin(session, meeting, confirmed)
    _ask_about_count(session, meeting.others_count, confirmed)
    verb, event_type, more = BEGINS[state]
    records.begin(session, meeting, verb)
    publish(session, event_type, meeting, on=meeting.held_on, **more)
    return meeting


def hold(
    session: Session, meeting: Meeting, changes: Mapping[str, Any], today: date, confirmed: Collection[str] = ()
) -> Meeting:
    """Note that a scheduled session took place, perhaps on another day than planned.

    Raises Conflicting (wrong-state), Refused, Question (count-far-above-cadres).
    """
    meeting.lifecycle.after(meeting.state, "hold")
    after = _values(meeting) | dict(changes)
    refuse(violations(after, "held", today))
    _ask_about_count(session, after["others_count"], confirmed)
    for name, value in changes.items():
        setattr(meeting, name, value)
    records.move(session, meeting, "hold")
    publish(session, SESSION_HELD, meeting, on=meeting.held_on)
    return meeting


def amend(
    session: Session,
    meeting: Meeting,
    changes: Mapping[str, Any],
    reason: str,
    today: date,
    confirmed: Collection[str] = (),
) -> Meeting:
    """Change what was recorded of a session; its attendance follows its programme and date (see presence.follow).

    Raises Conflicting (wrong-state), Refused, Question (count-far-above-cadres).
    """
    meeting.lifecycle.after(meeting.state, "amend")
    after, old_day = _values(meeting) | dict(changes), meeting.held_on
    refuse(violations(after, meeting.state, today))
    if after["others_count"] != meeting.others_count:
        _ask_about_count(session, after["others_count"], confirmed)
    changed = records.change(session, meeting, changes)
    if changed:
        publish(session, SESSION_AMENDED, meeting, on=meeting.held_on, changed=changed, reason=reason)
    carried = [name for name in changed if name == "programme"]
    if carried or "held_on" in changed:
        presence.follow(session, ATTENDANCE, meeting, old_day, changed=carried, today=today)
    return meeting


def cancel(session: Session, meeting: Meeting, reason: str) -> Meeting:
    """Note that a session does not take place, or turned out not to have; its attendance is voided with it.

    Raises Conflicting (wrong-state).
    """
    records.move(session, meeting, "cancel", reason=reason)
    meeting.others_count = 0
    publish(session, SESSION_CANCELLED, meeting, on=meeting.held_on, reason=reason)
    presence.void_all(session, ATTENDANCE, meeting)
    return meeting


def _values(meeting: Meeting) -> dict[str, Any]:
    return {name: getattr(meeting, name) for name in ("programme", "topic", "held_on", "others_count")}


def _ask_about_twin(session: Session, meeting: Meeting, confirmed: Collection[str]) -> None:
    same = (Meeting.programme == meeting.programme, Meeting.title == meeting.title, Meeting.held_on == meeting.held_on)
    message = f"{meeting.held_on} 已有一场类型和名称相同的场次；确为另一场的，请确认后登记"
    alike = (*same, Meeting.state != "cancelled")
    ask_about_twin(session, meeting, "session_no", alike, ("title", message), confirmed)


def _ask_about_count(session: Session, others_count: int, confirmed: Collection[str]) -> None:
    if others_count <= NEVER_ASKED:
        return
    cadres = living(session)
    most = max(NEVER_ASKED, TIMES_CADRES * cadres)
    if others_count > most:
        usual = f"名册中在世的干部 {cadres} 人，一场一般不超过 {most} 人次"
        message = f"其他参加人次 {others_count} 过多（{usual}）；确实无误的，请确认"
        ask(Violation("others_count", FAR_ABOVE, message), confirmed, extra={"cadres": cadres, "bound": most})
