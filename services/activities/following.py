"""What activities does on the registry's events: it learns of cadres, and joins the records of one who had two."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event, Malformed
from services.activities import cadres, presence, sources, works
from services.activities.attendance import ATTENDANCE
from services.activities.health_checks import CHECK
from services.activities.models import Cadre


def from_registry(session: Session, events: Sequence[Event]) -> None:
    """Apply consecutive events of the registry."""
    known = cadres.find(session, (event.subject for event in events), to_change=True)

    def learn(session: Session, event: Event) -> None:
        cadres.learn(session, event, known)

    def merge(session: Session, event: Event) -> None:
        _merge(session, event, known)

    handlers = {
        sources.CADRE_REGISTERED: learn,
        sources.CADRE_AMENDED: learn,
        sources.CADRE_DECEASED: learn,
        sources.CADRE_MERGED: merge,
    }
    dispatch(session, events, handlers, sources.IGNORED)


def _merge(session: Session, event: Event, known: dict[str, Cadre]) -> None:
    into = event.need("into", str)
    if into == event.subject:
        raise Malformed("data.into is the subject itself")
    cadres.learn(session, event, known)
    session.flush()
    cadres.merge(session, event.subject, into)
    survivor = cadres.People(session, [event.subject]).surviving(event.subject)
    for kind in (ATTENDANCE, CHECK):
        presence.merge(session, kind, event.subject, survivor)
    works.merge(session, event.subject, survivor)
