"""Requests and suggestions (有呼必应): received, assigned, resolved, voided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from hongxia.http.problems import NotFound, Problem, Rule
from services.outreach.events import (
    SUGGESTION_ASSIGNED,
    SUGGESTION_RECEIVED,
    SUGGESTION_RESOLVED,
    SUGGESTION_VOIDED,
)
from services.outreach.models import Suggestion
from services.outreach.rules import day_objections, next_state, refuse

TRANSITIONS = {
    ("received", "assign"): "assigned",
    ("assigned", "assign"): "assigned",
    ("received", "resolve"): "resolved",
    ("assigned", "resolve"): "resolved",
    ("received", "void"): "voided",
    ("assigned", "void"): "voided",
    ("resolved", "void"): "voided",
}


@dataclass(frozen=True, slots=True)
class Details:
    """What came in; codes as in the workbook. The summary stays here."""

    category: str
    channel: str
    received_on: date
    summary: str | None = None


def receive(session: Session, suggestion_id: str, details: Details, today: date) -> Suggestion:
    """A new suggestion. Raises Rule."""
    refuse(day_objections(details.received_on, today, "#/received_on"))
    suggestion = Suggestion(id=suggestion_id, state="received", version=1, **asdict(details))
    session.add(suggestion)
    _tell(session, SUGGESTION_RECEIVED, suggestion, suggestion.received_on)
    return suggestion


def get(session: Session, suggestion_id: str, *, lock: bool = False) -> Suggestion:
    """A suggestion. Raises NotFound."""
    suggestion = session.get(Suggestion, suggestion_id, with_for_update=lock, populate_existing=lock)
    if suggestion is None:
        raise NotFound("没有这条意见建议", slug="unknown-suggestion")
    return suggestion


def assign(session: Session, suggestion: Suggestion, assignee: str, assigned_on: date, today: date) -> Suggestion:
    """Give it to somebody to answer, or to somebody else than before. Raises Conflict, Rule."""
    state = next_state(TRANSITIONS, suggestion.state, "assign")
    refuse(_dated_after(suggestion, assigned_on, today, "#/assigned_on"))
    suggestion.state, suggestion.assignee, suggestion.assigned_on = state, assignee, assigned_on
    suggestion.version += 1
    _tell(session, SUGGESTION_ASSIGNED, suggestion, assigned_on, assigned_on=assigned_on.isoformat())
    return suggestion


def resolve(session: Session, suggestion: Suggestion, resolved_on: date, today: date) -> Suggestion:
    """It was dealt with. Raises Conflict, Rule."""
    state = next_state(TRANSITIONS, suggestion.state, "resolve")
    refuse(_dated_after(suggestion, resolved_on, today, "#/resolved_on"))
    suggestion.state, suggestion.resolved_on = state, resolved_on
    suggestion.version += 1
    _tell(session, SUGGESTION_RESOLVED, suggestion, resolved_on, resolved_on=resolved_on.isoformat())
    return suggestion


def _dated_after(suggestion: Suggestion, on: date, today: date, pointer: str) -> Iterator[Problem]:
    yield from day_objections(on, today, pointer)
    if on < suggestion.received_on:
        yield Rule("日期早于收到日期", slug="before-receipt", pointer=pointer)
    elif suggestion.assigned_on is not None and on < suggestion.assigned_on:
        yield Rule("日期早于交办日期", slug="before-assignment", pointer=pointer)


def void(session: Session, suggestion: Suggestion, reason: str) -> Suggestion:
    """It counts no more. Raises Conflict."""
    suggestion.state = next_state(TRANSITIONS, suggestion.state, "void")
    suggestion.void_reason = reason
    suggestion.version += 1
    _tell(session, SUGGESTION_VOIDED, suggestion, suggestion.received_on)
    return suggestion


def _tell(session: Session, event_type: EventType, suggestion: Suggestion, on: date, **dates: str) -> None:
    data = {
        "category": suggestion.category,
        "channel": suggestion.channel,
        "received_on": suggestion.received_on.isoformat(),
        **dates,
    }
    append(
        session,
        event_type,
        subject=suggestion.id,
        entityversion=suggestion.version,
        occurredon=on,
        data=data,
    )
