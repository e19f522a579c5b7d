from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hongxia.events import cursor, relay
from hongxia.events.cursor import Consumer, Outcome, State
from hongxia.events.envelope import Event, NotAnEvent, parse
from hongxia.events.parked import Unappliable
from tests.unit.events_builders import (
    CLOSED,
    READER,
    SOURCE,
    Given,
    Near,
    consumer,
    events_of,
    raise_event,
    signed,
    source_with,
)


class Log:
    """A handler that remembers positions and fails where it is told to."""

    def __init__(self, *bad: int, error: Callable[[], Exception] = lambda: Unappliable("bad")) -> None:
        self.seen: list[list[int]] = []
        self.bad = bad
        self.error = error

    def __call__(self, session: Session, events: Sequence[Event]) -> None:
        self.seen.append([event.position for event in events])
        if any(event.position in self.bad for event in events):
            raise self.error()


def apply(reader: Consumer, *events: Event, from_feed: bool = False) -> Outcome:
    proved = None if from_feed else {(event.position, event.chain) for event in events}
    return cursor.apply(reader, READER, events, proved)


def row(reader: Consumer) -> Any:
    with reader.database.read() as session:
        return session.execute(text("SELECT * FROM cursor")).one()


def forged(event: Event) -> Event:
    """The same place and chain, other data."""
    return parse(json.dumps({**event.attributes, "data": {"amount": 999}}).encode())


def test_whoever_wants_to_know_is_told_what_was_taken_once_it_is_committed() -> None:
    told: list[tuple[list[int], int]] = []
    events = events_of(source_with(3))
    log = Log(2)

    def taken(events: Sequence[Event]) -> None:
        told.append(([event.position for event in events], row(reader).position))

    reader = replace(consumer(log), taken=taken)
    apply(reader, *events[:2])
    apply(reader, *events)
    apply(reader, *events)
    assert told == [([1, 2], 2), ([3], 3)]


@pytest.mark.parametrize(("from_feed", "state"), [(False, State.GAP), (True, State.DIVERGED)])
def test_a_chain_that_does_not_match_is_a_gap_by_the_queue_and_a_divergence_by_the_feed(
    from_feed: bool, state: State
) -> None:
    log, events = Log(), events_of(source_with(3))
    reader = consumer(log)
    outcome = apply(reader, events[0], forged(events[1]), events[2], from_feed=from_feed)
    assert (outcome.state, log.seen) == (state, [[1]])
    assert row(reader).diverged == ("chain" if from_feed else None)


@pytest.mark.parametrize(("from_feed", "state"), [(False, State.GAP), (True, State.DIVERGED)])
def test_another_event_at_the_cursors_own_position_is_another_history(from_feed: bool, state: State) -> None:
    reader = consumer()
    apply(reader, *events_of(source_with(2)))
    other = signed({"data": {}}, position=2)
    assert apply(reader, other, from_feed=from_feed).state is state


def test_an_old_event_with_another_chain_is_only_a_duplicate() -> None:
    reader = consumer()
    apply(reader, *events_of(source_with(3)))
    assert apply(reader, signed({"data": {}}, position=1)).state is State.LEVEL


def test_a_failed_attempt_leaves_neither_changes_nor_events() -> None:
    def handle(session: Session, events: Sequence[Event]) -> None:
        session.execute(text("INSERT INTO outbox_type VALUES (:type, 1)"), {"type": f"attempt-{events[-1].position}"})
        raise_event(session, events[-1].position, CLOSED)
        if events[-1].position == 2:
            raise Unappliable("bad")

    reader = consumer(handle)
    apply(reader, *events_of(source_with(2)))
    with reader.database.read() as session:
        assert session.scalars(text("SELECT type FROM outbox_type")).all() == ["attempt-1"]
        assert len(session.scalars(text("SELECT id FROM outbox")).all()) == 1


def test_an_event_whose_handler_raises_another_twice_is_parked_and_stops_nothing() -> None:
    def handle(session: Session, events: Sequence[Event]) -> None:
        for event in events:
            raise_event(session, min(event.position, 2), CLOSED)

    reader = consumer(handle)
    outcome = apply(reader, *events_of(source_with(4)))
    assert (outcome.applied, outcome.parked, row(reader).position) == (2, 2, 4)


def test_messages_that_are_no_events_need_no_transaction() -> None:
    given = Given(b"hello")
    assert cursor.receive(consumer(), READER, given).dead == 1
    assert given.acknowledged


def test_a_source_whose_next_event_does_not_follow_stays_stopped() -> None:
    reader = consumer()
    apply(reader, *events_of(source_with(2)))
    other = source_with(1)
    assert cursor.check(reader, READER, Near(other)).state is State.DIVERGED
    with other.begin(replace(SOURCE, correlationid="another")) as session:
        for version in range(2, 6):
            raise_event(session, version)
    relay.number(other, SOURCE)
    for hidden in (set(), {3}):
        source = Near(other)
        source.hidden = hidden
        assert cursor.check(reader, READER, source).state is State.DIVERGED
    assert row(reader).position == 2


def test_a_feed_with_what_is_no_event_stops_the_source() -> None:
    class Odd(Near):
        def page(self, after: int, limit: int, chain: str | None = None) -> list[Event]:
            raise NotAnEvent("attribute")

    reader = consumer()
    assert cursor.check(reader, READER, Odd(source_with(1))).state is State.DIVERGED
    assert row(reader).diverged == "not-an-event"


def test_outcomes_add_up() -> None:
    both = Outcome(State.GAP, 1, 2, 3, 4).plus(Outcome(State.LEVEL, 10, 20, 30, 40))
    assert both == Outcome(State.LEVEL, 11, 22, 33, 44)
