from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events import cursor, parked
from hongxia.events.context import context_of
from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event, Malformed
from hongxia.events.parked import Replayed, Unappliable, UnknownType
from tests.unit.events_builders import (
    CHANGED,
    CLOSED,
    READER,
    SOURCE,
    consumer,
    events_of,
    new_database,
    raise_event,
    relay,
    source_with,
)


class Ledger:
    """Keeps the newest version of each thing, and refuses those it is told to."""

    def __init__(self, *refused: int, error: Exception | None = None) -> None:
        self.refused = set(refused)
        self.error = error or Unappliable("refused")
        self.versions: dict[str, int] = {}
        self.order: list[int] = []

    def __call__(self, session: Session, events: Sequence[Event]) -> None:
        for event in events:
            if event.entityversion in self.refused:
                raise self.error
            self.order.append(event.position)
            self.versions[event.subject] = max(event.entityversion, self.versions.get(event.subject, 0))


def with_parked(count: int, *refused: int) -> tuple[Database, Ledger]:
    """A consumer that has read so many events and parked some."""
    ledger = Ledger(*refused)
    reader = consumer(ledger)
    cursor.apply(reader, READER, events_of(source_with(count)))
    return reader.database, ledger


def replay(database: Database, ledger: Ledger) -> Replayed:
    return parked.replay(database, READER, {"origin": ledger}.__getitem__)


def test_a_replayed_event_does_not_overwrite_what_is_newer() -> None:
    database, ledger = with_parked(3, 2)
    ledger.refused = set()
    replay(database, ledger)
    assert ledger.versions == {"thing-1": 3}


def test_a_replay_keeps_nothing_of_what_fails_after_it_has_written() -> None:
    database, _ = with_parked(1, 1)

    def handle(session: Session, events: Sequence[Event]) -> None:
        session.execute(text("INSERT INTO outbox_type VALUES ('attempt', 1)"))
        raise_event(session, 1, CLOSED)
        raise Unappliable("late")

    assert parked.replay(database, READER, lambda _source: handle).still_parked == 1
    with database.read() as session:
        assert not session.execute(text("SELECT * FROM outbox_type")).all()
        assert not session.execute(text("SELECT * FROM outbox")).all()


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        (UnknownType("hongxia.a.b.v2"), "unknown-type", "UnknownType: hongxia.a.b.v2"),
        (Malformed("data.on is not a date"), "malformed", "Malformed: data.on is not a date"),
        (Unappliable("no-such-cadre"), "no-such-cadre", "Unappliable: no-such-cadre"),
        (ValueError("张三 440106…"), "failed", "ValueError"),
        (KeyError("name"), "failed", "KeyError"),
    ],
)
def test_a_reason_holds_our_own_words_but_nobody_elses(error: Exception, reason: str, detail: str) -> None:
    assert (parked.reason_of(error), parked.detail_of(error)) == (reason, detail)


def test_each_type_goes_to_its_handler_as_the_cause_of_what_that_does() -> None:
    source, seen = new_database(), []
    with source.begin(SOURCE) as session:
        raise_event(session, 1)
        raise_event(session, 2, CLOSED)
        raise_event(session, 3)
    relay.number(source, SOURCE)
    events = events_of(source)

    def handle(session: Session, event: Event) -> None:
        context = context_of(session)
        seen.append((event.position, context.source, context.causationid, context.correlationid))

    with new_database().begin(READER) as session:
        dispatch(session, events, {CHANGED.type: handle, CLOSED.type: None})
        assert context_of(session) is READER
        with pytest.raises(UnknownType, match=CLOSED.type):
            dispatch(session, events, {CHANGED.type: handle})
        assert context_of(session) is READER
    first, third = events[0], events[2]
    expected = [(1, READER.source, first.id, SOURCE.correlationid), (3, READER.source, third.id, SOURCE.correlationid)]
    assert seen == [*expected, expected[0]]


def test_events_of_entities_that_a_consumer_does_not_follow_are_left_alone() -> None:
    source, seen = new_database(), []
    with source.begin(SOURCE) as session:
        raise_event(session, 1)
    relay.number(source, SOURCE)
    handlers = {"hongxia.origin.elsewhere.happened.v1": lambda _session, event: seen.append(event)}
    with new_database().begin(READER) as session:
        dispatch(session, events_of(source), handlers)
    assert seen == []
