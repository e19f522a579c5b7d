"""What the registry's events change here: the copy of the cadres, their milestones, since when they need care."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hongxia.cadres import REGISTRY
from hongxia.events.envelope import Event, Malformed
from hongxia.mirror import Mirror
from hongxia.records import in_parts
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre, Flag, Milestone
from services.outreach.cadres.review import review

FLAGS = ("hardship", "living_alone")
"""What a cadre may become, and cease to be, that asks for a visit."""


def _milestone(event: Event) -> dict[str, Any]:
    try:
        month = date.fromisoformat(event.need("month", str) + "-01")
    except ValueError:
        raise Malformed("data.month is not a month") from None
    return {"cadre_id": event.need("cadre_id", str), "milestone": event.need("milestone", str), "month": month}


DUE, WITHDRAWN = "hongxia.registry.milestone.due.v1", "hongxia.registry.milestone.withdrawn.v1"

MILESTONES = Mirror(
    Milestone,
    {
        DUE: lambda event: {**_milestone(event), "withdrawn": False},
        WITHDRAWN: lambda event: {**_milestone(event), "withdrawn": True},
    },
)


def apply(session: Session, events: Sequence[Event], today: date) -> None:
    """Apply events of the registry, then review what depends on the cadres that they are about. Raises UnknownType."""
    _note_flags(session, [event for event in events if event.type in CADRES.readers])
    concerned = CADRES.apply(session, events)
    if MILESTONES.apply(session, events):
        about = [event for event in events if event.type in MILESTONES.readers]
        concerned |= CADRES.same_entities(session, {event.need("cadre_id", str) for event in about})
    CADRES.lock_all(session, concerned)
    review(session, concerned, today)


def clear(session: Session, source: str) -> None:
    """Drop what was learnt from the registry, because its history is read from the beginning."""
    if source == REGISTRY:
        CADRES.clear(session)
        MILESTONES.clear(session)
        session.execute(delete(Flag))


def _note_flags(session: Session, events: Sequence[Event]) -> None:
    """Note from when to when each flag was set, event by event: several may come at once."""
    known = {cadre.id: cadre for cadre in _known(session, {event.subject for event in events})}
    states = {
        cadre_id: (cadre.version, {flag: bool(getattr(cadre, flag)) for flag in FLAGS})
        for cadre_id, cadre in known.items()
    }
    for event in events:
        version, before = states.get(event.subject, (0, dict.fromkeys(FLAGS, False)))
        if event.entityversion <= version:
            continue
        now = {flag: event.need(flag, bool) for flag in FLAGS}
        states[event.subject] = event.entityversion, now
        for flag in FLAGS:
            if now[flag] != before[flag]:
                _turn(session, event.subject, flag, event.occurredon, on=now[flag])


def _turn(session: Session, cadre_id: str, flag: str, day: date, *, on: bool) -> None:
    if on:
        session.merge(Flag(cadre_id=cadre_id, flag=flag, since=day, until=None))
        session.flush()
        return
    query = select(Flag).where(Flag.cadre_id == cadre_id, Flag.flag == flag, Flag.until.is_(None))
    for found in session.scalars(query):
        found.until = day


def _known(session: Session, cadre_ids: set[str]) -> Iterator[Cadre]:
    for part in in_parts(sorted(cadre_ids)):
        yield from session.scalars(select(Cadre).where(Cadre.id.in_(part)))
