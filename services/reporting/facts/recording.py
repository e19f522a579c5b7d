"""What a batch of events does: the log grows by them, and their facts are brought up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from hongxia.events.envelope import Event
from services.reporting.facts import bulk
from services.reporting.facts.model import Fact, Generation, Log
from services.reporting.facts.reading import newest, rows_of

_FACT: Table = Fact.__table__  # type: ignore[assignment]
_LOG: Table = Log.__table__  # type: ignore[assignment]


def record(session: Session, source: str, events: Sequence[Event]) -> None:
    """Keep events of a source and what they say. Raises what `rows_of` does.

    While a rebuild is under way the facts go into both generations, so that it misses nothing.
    """
    rows = newest(row for event in events for row in rows_of(source, event))
    bulk.add(session, _LOG, [_logged(source, event) for event in events])
    for generation in _written(session):
        put(session, generation, rows)


def _logged(source: str, event: Event) -> dict[str, Any]:
    return {
        "source": source,
        "position": event.position,
        "id": event.id,
        "type": event.type,
        "subject": event.subject,
        "occurredon": event.occurredon,
        "entityversion": event.entityversion,
        "body": event.body,
    }


def _written(session: Session) -> list[int]:
    """The generations that new facts go into; held to the end of the transaction, so that no rebuild begins or ends
    within it.
    """
    row = session.execute(select(Generation.live, Generation.shadow).with_for_update(read=True)).one()
    return [number for number in row if number is not None]


def put(session: Session, generation: int, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows, one a fact, into a generation of facts; what is newer there stays."""
    bulk.put(session, _FACT, [{"generation": generation, **row} for row in rows])


def clear(session: Session, source: str) -> None:
    """Drop a source's log and facts, because its history is read anew; a rebuild under way is given up."""
    session.execute(update(Generation).values(shadow=None))  # which locks the row as well
    session.execute(delete(Log).where(Log.source == source))
    session.execute(delete(Fact).where(Fact.source == source))
