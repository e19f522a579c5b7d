"""What several files of the suite build: a log with events, a consumer that keeps a ledger, and looks at both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events import relay
from hongxia.events.chain import GENESIS
from hongxia.events.cursor import Consumer
from hongxia.events.envelope import Event
from hongxia.events.parked import Unappliable
from hongxia.events.tables import cursor
from tests.conformance.backends import ledger
from tests.keys import prove_of
from tests.unit.events_builders import SOURCE, events_of, raise_event


def append(database: Database, *versions: int, subject: str = "thing-1") -> None:
    """Commit events of a thing in one unit of work, without numbering them."""
    with database.begin(SOURCE) as session:
        for version in versions:
            raise_event(session, version, subject=subject)


def fill(database: Database, count: int, first: int = 1) -> list[Event]:
    """Commit and number events, versions `first`, `first` + 1, … of one thing; returns the whole log."""
    append(database, *range(first, first + count))
    relay.number(database, SOURCE)
    return events_of(database)


def assert_unbroken(events: Sequence[Event]) -> None:
    """Positions are 1, 2, 3, … without a gap, those of each type too, and the chain can be recomputed."""
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    chain, by_type = GENESIS, {}
    for event in events:
        by_type[event.type] = by_type.get(event.type, 0) + 1
        assert event.typeposition == by_type[event.type]
        assert event.follows(chain)
        chain = event.chain


class Bookkeeper:
    """A consumer's handler: counts each subject's events in the ledger, and fails on the versions it is given."""

    def __init__(self, *refused: int, error: Exception | None = None) -> None:
        self.refused = set(refused)
        self.error = error or Unappliable("refused")
        self.batches: list[list[int]] = []

    def __call__(self, session: Session, events: Sequence[Event]) -> None:
        """Write first and fail then, so that a case sees whether what was written is undone."""
        self.batches.append([event.position for event in events])
        for event in events:
            known = session.scalar(select(ledger.c.applied).where(ledger.c.subject == event.subject))
            if known is None:
                session.execute(insert(ledger).values(subject=event.subject, version=event.entityversion, applied=1))
            else:
                changed = {"version": event.entityversion, "applied": ledger.c.applied + 1}
                session.execute(update(ledger).where(ledger.c.subject == event.subject).values(changed))
            if event.entityversion in self.refused:
                raise self.error


def reader_of(database: Database, handle: Any = None) -> Consumer:
    """A consumer of the source `origin` that has read nothing yet; keeps the ledger unless told otherwise."""
    return Consumer(database, "origin", handle or Bookkeeper(), prove_of("origin"))


def accounts(database: Database) -> dict[str, tuple[int, int]]:
    """What the ledger says: subject → (last version, number of events applied)."""
    with database.read() as session:
        return {row.subject: (row.version, row.applied) for row in session.execute(select(ledger))}


def cursor_of(database: Database) -> Any:
    """The one cursor row of a consumer's database."""
    with database.read() as session:
        return session.execute(select(cursor)).one()
