"""What activities does on the registry's events."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy.orm import Session

from hongxia.cadres import REGISTRY
from hongxia.database import CONTEXT
from hongxia.events.context import context_of
from hongxia.events.envelope import Event
from services.activities.attendance.rules import ATTENDANCE
from services.activities.cadres.mirror import CADRES
from services.activities.checks.rules import CHECK
from services.activities.contradictions.rules import review
from services.activities.presence.merging import settle


def from_registry(session: Session, events: Sequence[Event]) -> None:
    """Apply consecutive events of the registry; what they lead to names the request that caused them."""
    context = context_of(session)
    try:
        for _, group in groupby(events, key=lambda event: event.correlationid):
            batch = list(group)
            session.info[CONTEXT] = context.caused_by(batch[-1])
            _apply(session, batch)
    finally:
        session.info[CONTEXT] = context


def _apply(session: Session, events: Sequence[Event]) -> None:
    concerned = CADRES.apply(session, events)
    # Whoever records something of one of these persons at this moment ends first, or begins after this.
    CADRES.lock_all(session, concerned)
    for kind in (ATTENDANCE, CHECK):
        settle(session, kind, concerned)
    review(session, concerned)


def clear(session: Session, source: str) -> None:
    """Drop what was learnt from a source, because its history is read from the beginning."""
    if source == REGISTRY:
        CADRES.clear(session)
