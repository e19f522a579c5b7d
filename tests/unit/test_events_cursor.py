from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hongxia.events import cursor, feed, relay
from hongxia.events.cursor import Consumer, Outcome, State
from hongxia.events.envelope import Event, NotAnEvent, parse
from hongxia.events.feed import FeedAway
from hongxia.events.parked import Unappliable
from tests.unit.events_builders import (
    CLOSED,
    NOW,
    READER,
    SOURCE,
    Given,
    Near,
    Recorder,
    bodies_of,
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
    return cursor.apply(reader, READER, events, from_feed=from_feed)


def row(reader: Consumer) -> Any:
    with reader.database.read() as session:
        return session.execute(text("SELECT * FROM cursor")).one()


def forged(event: Event) -> Event:
    """The same place and chain, other data."""
    return parse(json.dumps({**event.attributes, "data": {"amount": 999}}).encode())


def test_consecutive_events_are_handled_at_once_with_the_cursor() -> None:
    log, events = Log(), events_of(source_with(3))
    reader = consumer(log)
    outcome = apply(reader, *events)
    assert (outcome.state, outcome.applied) == (State.LEVEL, 3)
    assert log.seen == [[1, 2, 3]]
    assert (row(reader).position, row(reader).chain) == (3, events[2].chain)


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


def test_a_batch_is_put_in_order_and_what_was_applied_before_passed_over() -> None:
    log, events = Log(), events_of(source_with(4))
    reader = consumer(log)
    apply(reader, *events[:2])
    outcome = apply(reader, events[3], events[0], events[2], events[1], events[2])
    assert (outcome.state, outcome.applied, outcome.duplicates) == (State.LEVEL, 2, 3)
    assert log.seen == [[1, 2], [3, 4]]


def test_what_comes_after_a_gap_waits() -> None:
    log, events = Log(), events_of(source_with(5))
    outcome = apply(consumer(log), events[0], events[1], events[3], events[4])
    assert (outcome.state, outcome.applied) == (State.GAP, 2)
    assert log.seen == [[1, 2]]


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


def test_nothing_of_a_stopped_source_is_applied() -> None:
    log, events = Log(), events_of(source_with(2))
    reader = consumer(log)
    cursor.diverge(reader, READER, 0, "somebody says so")
    assert apply(reader, *events).state is State.DIVERGED
    assert (log.seen, row(reader).position) == ([], 0)


def test_only_the_event_at_fault_is_parked() -> None:
    log, events = Log(2), events_of(source_with(3))
    reader = consumer(log)
    outcome = apply(reader, *events)
    assert (outcome.state, outcome.applied, outcome.parked) == (State.LEVEL, 2, 1)
    assert log.seen == [[1, 2, 3], [1], [2], [2], [2], [3]]
    assert row(reader).position == 3
    with reader.database.read() as session:
        kept = session.execute(text("SELECT source, position, body, reason, detail, attempts FROM parked")).one()
    assert kept == ("origin", 2, events[1].body, "bad", "Unappliable: bad", cursor.ATTEMPTS)


def test_a_failure_that_passes_parks_nothing() -> None:
    failures = [Unappliable("once")]

    def handle(session: Session, events: Sequence[Event]) -> None:
        if failures:
            raise failures.pop()

    outcome = apply(consumer(handle), *events_of(source_with(2)))
    assert (outcome.applied, outcome.parked) == (2, 0)


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


def test_an_error_of_the_database_changes_nothing_and_is_told() -> None:
    away = OperationalError("statement", None, Exception("away"))
    log = Log(2, error=lambda: away)
    reader = consumer(log)
    with pytest.raises(OperationalError):
        apply(reader, *events_of(source_with(2)))
    with reader.database.read() as session:
        assert not session.execute(text("SELECT * FROM cursor")).all()
        assert not session.execute(text("SELECT * FROM parked")).all()


@pytest.mark.parametrize(
    "attributes",
    [
        {"subject": "x" * 5000, "type": "t" * 5000, "occurredon": "never" * 99},
        {"subject": "a\0b", "type": "\0", "data": []},
        {"time": "9999-12-31T23:59:59-12:00"},
        {"time": None, "occurredon": {}},
    ],
)
def test_a_strange_event_can_be_parked_all_the_same(attributes: dict[str, Any]) -> None:
    reader = consumer(Log(1))
    outcome = apply(reader, signed(attributes))
    assert (outcome.parked, row(reader).position) == (1, 1)
    with reader.database.read() as session:
        kept = session.execute(text("SELECT subject, type, occurredon FROM parked")).one()
    assert len(kept.subject) <= 200
    assert len(kept.type) <= 120
    assert len(kept.occurredon) <= 10
    assert not any("\0" in value for value in kept)


def test_what_was_received_is_acknowledged_and_what_is_no_event_refused() -> None:
    events = bodies_of(source_with(2))
    given = Given(events[0], b"hello", events[1], b"{}")
    outcome = cursor.receive(consumer(), READER, given)
    assert (outcome.applied, outcome.dead, given.dead, given.acknowledged) == (2, 2, [1, 3], True)


def test_nothing_is_answered_before_the_commit() -> None:
    given = Given(b"hello", *bodies_of(source_with(1)))
    log = Log(1, error=lambda: OperationalError("statement", None, Exception("away")))
    with pytest.raises(OperationalError):
        cursor.receive(consumer(log), READER, given)
    assert (given.dead, given.acknowledged) == ([], False)


def test_messages_that_are_no_events_need_no_transaction() -> None:
    given = Given(b"hello")
    assert cursor.receive(consumer(), READER, given).dead == 1
    assert given.acknowledged


def test_a_consumer_that_starts_new_reads_the_whole_feed_page_by_page() -> None:
    source, log = Near(source_with(5)), Log()
    reader = consumer(log)
    outcome = cursor.heal(reader, READER, source, source.head(), limit=2)
    assert (outcome.state, outcome.applied) == (State.LEVEL, 5)
    assert source.asked == [0, 2, 4, 5]
    assert cursor.check(reader, READER, source).state is State.LEVEL


def test_a_lost_tail_is_found_by_the_head() -> None:
    source, reader = Near(source_with(3)), consumer()
    apply(reader, *events_of(source.database)[:2])
    assert cursor.check(reader, READER, source).applied == 1
    seen = row(reader)
    assert (seen.head_position, seen.head_chain) == (3, seen.chain)


def test_a_feed_that_is_away_changes_nothing() -> None:
    source = Near(source_with(1))
    source.away = True
    with pytest.raises(FeedAway):
        cursor.check(consumer(), READER, source)


def test_a_source_put_back_to_an_older_state_is_stopped() -> None:
    reader = consumer()
    apply(reader, *events_of(source_with(3)))
    assert cursor.check(reader, READER, Near(source_with(2))).state is State.DIVERGED
    assert row(reader).diverged == "head-below-cursor"


@pytest.mark.parametrize("further", [0, 2])
def test_a_source_that_was_put_right_is_read_on_from_where_it_stopped(further: int) -> None:
    log, right = Log(), source_with(3 + further)
    reader = consumer(log)
    apply(reader, *events_of(right)[:3])
    assert cursor.check(reader, READER, Near(source_with(2))).state is State.DIVERGED
    outcome = cursor.check(reader, READER, Near(right))
    assert (outcome.state, outcome.applied) == (State.LEVEL, further)
    assert (row(reader).position, row(reader).diverged) == (3 + further, None)


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


@pytest.mark.parametrize("later", [0, 2])
def test_a_source_that_went_on_otherwise_from_an_older_state_is_stopped(later: int) -> None:
    reader = consumer()
    apply(reader, *events_of(source_with(2)))
    other = source_with(1)
    with other.begin(replace(SOURCE, correlationid="another")) as session:
        for version in range(2, 3 + later):
            raise_event(session, version)
    relay.number(other, SOURCE)
    assert cursor.check(reader, READER, Near(other)).state is State.DIVERGED
    assert (row(reader).diverged, row(reader).position) == ("chain", 2)


def test_a_head_that_was_slow_to_come_is_no_divergence() -> None:
    source, reader = Near(source_with(2)), consumer()
    old = Near(source_with(1)).head()
    apply(reader, *events_of(source.database))
    assert cursor.compare_head(reader, READER, 1, old) is State.LEVEL
    assert cursor.compare_head(reader, READER, 2, old) is State.DIVERGED


@pytest.mark.parametrize("hidden", [2, 3])
def test_a_hole_in_the_feed_stops_the_source(hidden: int) -> None:
    source, reader = Near(source_with(3)), consumer()
    source.hidden = {hidden}
    outcome = cursor.check(reader, READER, source)
    assert (outcome.state, row(reader).position, row(reader).diverged) == (State.DIVERGED, hidden - 1, "hole")


def test_a_feed_that_has_forgotten_what_is_missing_stops_the_source() -> None:
    database, reader = source_with(3), consumer()
    relay.publish(database, Recorder(), SOURCE)
    feed.forget(database, SOURCE, NOW + timedelta(seconds=1))
    assert cursor.check(reader, READER, Near(database)).state is State.DIVERGED
    assert row(reader).diverged == "gone:4"


def test_a_feed_with_what_is_no_event_stops_the_source() -> None:
    class Odd(Near):
        def page(self, after: int, limit: int) -> list[Event]:
            raise NotAnEvent("attribute")

    reader = consumer()
    assert cursor.check(reader, READER, Odd(source_with(1))).state is State.DIVERGED
    assert row(reader).diverged == "not-an-event"


def test_a_source_is_not_stopped_for_what_the_cursor_has_passed_meanwhile() -> None:
    reader = consumer()
    apply(reader, *events_of(source_with(2)))
    assert cursor.diverge(reader, READER, 1, "hole").state is State.GAP
    assert row(reader).diverged is None


def test_a_source_can_be_read_anew_from_its_first_event() -> None:
    log, events = Log(2), events_of(source_with(3))
    reader = consumer(log)
    apply(reader, *events)
    cursor.diverge(reader, READER, 3, "hole")
    with reader.database.begin(READER) as session:
        cursor.reread(session, "origin")
    log.bad = ()
    assert apply(reader, *events).applied == 3
    assert (row(reader).position, row(reader).diverged) == (3, None)
    with reader.database.read() as session:
        assert not session.execute(text("SELECT * FROM parked")).all()


def test_outcomes_add_up() -> None:
    both = Outcome(State.GAP, 1, 2, 3, 4).plus(Outcome(State.LEVEL, 10, 20, 30, 40))
    assert both == Outcome(State.LEVEL, 11, 22, 33, 44)
