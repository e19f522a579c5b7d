"""The cursor: events are applied once, in order, with the move of it; gaps are healed, divergence stops."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events import cursor, feed, parked, relay
from hongxia.events.cursor import Outcome, State
from hongxia.events.declare import EventType, source_urn
from hongxia.events.envelope import Event
from hongxia.events.feed import FeedAway
from hongxia.events.tables import cursor as cursors
from tests.conformance.backends import Storage
from tests.conformance.cases import (
    Bookkeeper,
    accounts,
    append,
    cursor_of,
    fill,
    reader_of,
)
from tests.keys import sign_as
from tests.races.threads import start
from tests.unit.events_builders import (
    CHANGED,
    CLOSED,
    READER,
    SOURCE,
    Given,
    Near,
    Recorder,
    bodies_of,
    events_of,
    raise_event,
    signed,
)


def receive(reader: cursor.Consumer, *bodies: bytes) -> Outcome:
    return cursor.receive(reader, READER, Given(*bodies))


def test_effects_and_position_are_committed_together(database: Database, reader_database: Database) -> None:
    events, reader = fill(database, 3), reader_of(reader_database)
    assert receive(reader, *bodies_of(database)) == Outcome(applied=3)
    assert accounts(reader_database) == {"thing-1": (3, 3)}
    assert (cursor_of(reader_database).position, cursor_of(reader_database).chain) == (3, events[2].chain)


def test_effects_and_position_are_undone_together_if_the_process_dies_before_the_commit(
    database: Database, reader_database: Database
) -> None:
    fill(database, 2)

    def die(name: str) -> None:
        if name == "apply:before-commit":
            raise KeyboardInterrupt

    given = Given(*bodies_of(database))
    with pytest.raises(KeyboardInterrupt):
        cursor.receive(replace(reader_of(reader_database), point=die), READER, given)
    assert (accounts(reader_database), given.acknowledged) == ({}, False)
    assert receive(reader_of(reader_database), *given.bodies).applied == 2
    assert accounts(reader_database) == {"thing-1": (2, 2)}


def test_a_batch_that_comes_again_is_applied_once(database: Database, reader_database: Database) -> None:
    """As after a crash between the commit and the acknowledgement."""
    fill(database, 3)
    reader, bodies = reader_of(reader_database), bodies_of(database)
    assert [receive(reader, *bodies).applied for _ in range(3)] == [3, 0, 0]
    assert accounts(reader_database) == {"thing-1": (3, 3)}


def test_a_batch_in_another_order_needs_no_feed(database: Database, reader_database: Database) -> None:
    fill(database, 4)
    reader, bodies = reader_of(reader_database), bodies_of(database)
    assert receive(reader, bodies[2], bodies[0], bodies[3], bodies[1], bodies[2]) == Outcome(applied=4, duplicates=1)
    assert reader.handle.batches == [[1, 2, 3, 4]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_and_another_order_change_nothing(database: Database, reader_database: Database, seed: int) -> None:
    """Whatever arrives, each event is applied once, in order; what is missing comes from the feed."""
    fill(database, 12)
    chance, reader, source = random.Random(seed), reader_of(reader_database), Near(database)
    deliveries = bodies_of(database) * 2
    chance.shuffle(deliveries)
    handled = reader.handle.batches  # type: ignore[attr-defined]
    while deliveries:
        batch = [deliveries.pop() for _ in range(min(len(deliveries), chance.randint(1, 6)))]
        receive(reader, *batch)
        if chance.random() < 0.2:
            cursor.check(reader, READER, source)
    cursor.check(reader, READER, source)
    assert [position for positions in handled for position in positions] == list(range(1, 13))
    assert accounts(reader_database) == {"thing-1": (12, 12)}


def test_what_comes_after_a_gap_waits_and_the_feed_heals_it(database: Database, reader_database: Database) -> None:
    fill(database, 5)
    reader, bodies = reader_of(reader_database), bodies_of(database)
    assert receive(reader, bodies[0], bodies[3], bodies[4]) == Outcome(State.GAP, applied=1)
    assert accounts(reader_database) == {"thing-1": (1, 1)}
    assert cursor.check(reader, READER, Near(database)) == Outcome(applied=4)
    assert accounts(reader_database) == {"thing-1": (5, 5)}


def test_a_new_consumer_reads_the_feed_from_its_beginning_page_by_page(
    database: Database, reader_database: Database
) -> None:
    fill(database, 5)
    reader, source = reader_of(reader_database), Near(database)
    assert cursor.heal(reader, READER, source, source.head(), limit=2).applied == 5
    assert source.asked == [0, 2, 4, 5]
    assert cursor.check(reader, READER, source) == Outcome()


def test_a_lost_tail_is_found_by_the_sources_head(database: Database, reader_database: Database) -> None:
    fill(database, 3)
    reader = reader_of(reader_database)
    receive(reader, *bodies_of(database)[:2])
    assert cursor.check(reader, READER, Near(database)).applied == 1
    assert cursor_of(reader_database).head_position == 3


def test_a_feed_that_is_away_changes_nothing(database: Database, reader_database: Database) -> None:
    fill(database, 1)
    source, reader = Near(database), reader_of(reader_database)
    source.away = True
    with pytest.raises(FeedAway):
        cursor.check(reader, READER, source)
    assert accounts(reader_database) == {}


def go_on_otherwise(database: Database, count: int) -> None:
    """Continue a log with events that the reader's source never had."""
    with database.begin(replace(SOURCE, correlationid="another history")) as session:
        for version in range(2, 2 + count):
            raise_event(session, version)
    relay.number(database, SOURCE)


@pytest.mark.parametrize(("later", "why"), [(0, "head-below-cursor"), (1, "chain"), (3, "chain")])
def test_a_source_with_another_history_is_stopped_and_nothing_of_it_applied(
    new_storage, database: Database, reader_database: Database, later: int, why: str
) -> None:
    """A source that was restored from a backup: shorter, of the same length, or longer than what was read."""
    fill(database, 2)
    reader = reader_of(reader_database)
    receive(reader, *bodies_of(database))
    restored = new_storage().open()
    fill(restored, 1)
    go_on_otherwise(restored, later)
    assert cursor.check(reader, READER, Near(restored)).state is State.DIVERGED
    assert (cursor_of(reader_database).diverged, cursor_of(reader_database).position) == (why, 2)
    assert receive(reader, *bodies_of(restored)).state is State.DIVERGED
    assert accounts(reader_database) == {"thing-1": (2, 2)}


@pytest.mark.parametrize("further", [0, 2])
def test_a_source_that_is_put_right_is_read_on(
    new_storage, database: Database, reader_database: Database, further: int
) -> None:
    fill(database, 2)
    reader = reader_of(reader_database)
    receive(reader, *bodies_of(database))
    restored = new_storage().open()
    fill(restored, 1)
    cursor.check(reader, READER, Near(restored))
    fill(database, further, first=3)
    assert cursor.check(reader, READER, Near(database)) == Outcome(applied=further)
    assert (cursor_of(reader_database).diverged, cursor_of(reader_database).position) == (None, 2 + further)


def test_a_chain_that_does_not_match_is_asked_about_when_queued_and_stops_when_the_feed_says_it(
    database: Database, reader_database: Database
) -> None:
    first = fill(database, 2)[0]
    other = signed({"data": {"amount": 999}, "entityversion": 2}, position=2, previous=first.chain[::-1])
    reader = reader_of(reader_database)
    assert cursor.apply(reader, READER, [first, other], {(1, first.chain), (2, other.chain)}) == Outcome(
        State.GAP, applied=1
    )
    assert cursor_of(reader_database).diverged is None
    assert cursor.apply(reader, READER, [other]).state is State.DIVERGED
    assert (cursor_of(reader_database).diverged, cursor_of(reader_database).position) == ("chain", 1)


@pytest.mark.parametrize("hidden", [2, 3])
def test_a_hole_in_the_feed_stops_the_source(database: Database, reader_database: Database, hidden: int) -> None:
    fill(database, 3)
    source = Near(database)
    source.hidden = {hidden}
    assert cursor.check(reader_of(reader_database), READER, source).state is State.DIVERGED
    found = cursor_of(reader_database)
    assert (found.position, found.diverged) == (hidden - 1, "hole")


def test_a_source_that_is_put_back_while_it_is_read_has_no_hole(
    new_storage, database: Database, reader_database: Database
) -> None:
    """Its head was asked for before, its page after: the next look at the head tells what has happened."""
    fill(database, 3)
    reader, head = reader_of(reader_database), Near(database).head()
    receive(reader, *bodies_of(database)[:2])
    restored = new_storage().open()
    fill(restored, 2)
    assert cursor.heal(reader, READER, Near(restored), head) == Outcome()
    assert cursor_of(reader_database).diverged is None


def test_a_feed_that_no_longer_keeps_what_is_missing_stops_the_source(
    database: Database, reader_database: Database
) -> None:
    fill(database, 3)
    relay.publish(database, Recorder(), SOURCE, sign_as("origin"))
    feed.forget(database, SOURCE, SOURCE.now.replace(year=SOURCE.now.year + 1))
    assert cursor.check(reader_of(reader_database), READER, Near(database)).state is State.DIVERGED
    assert cursor_of(reader_database).diverged == "gone:4"


def test_a_source_can_be_read_from_its_beginning_again(database: Database, reader_database: Database) -> None:
    fill(database, 3)
    reader = reader_of(reader_database, Bookkeeper(2))
    receive(reader, *bodies_of(database))
    with reader_database.begin(READER) as session:
        cursor.reread(session, "origin")
        assert parked.counts(session) == {}
    assert cursor_of(reader_database).position == 0
    assert receive(reader_of(reader_database), *bodies_of(database)).applied == 3


def test_what_is_no_event_is_refused_and_the_rest_applied(database: Database, reader_database: Database) -> None:
    first, second = bodies_of_new(database, 2)
    given = Given(first, b"hello", second, b"{}", b"\xff")
    outcome = cursor.receive(reader_of(reader_database), READER, given)
    assert (outcome.applied, outcome.dead, given.dead, given.acknowledged) == (2, 3, [1, 3, 4], True)


def bodies_of_new(database: Database, count: int) -> list[bytes]:
    fill(database, count)
    return bodies_of(database)


def test_an_error_of_the_infrastructure_changes_nothing_and_answers_nothing(
    database: Database, reader_database: Database
) -> None:
    away = OperationalError("statement", None, Exception("away"))
    given = Given(b"hello", *bodies_of_new(database, 2))
    with pytest.raises(OperationalError):
        cursor.receive(reader_of(reader_database, Bookkeeper(2, error=away)), READER, given)
    with reader_database.read() as session:
        assert session.execute(select(cursors)).all() == []
    assert (accounts(reader_database), given.dead, given.acknowledged) == ({}, [], False)


def test_an_effect_that_raises_an_event_commits_it_with_the_cursor(
    database: Database, reader_database: Database
) -> None:
    def handle(session: Session, events: Sequence[Event]) -> None:
        for event in events:
            raise_event(session, event.entityversion, CLOSED)
            if event.entityversion == 2:
                raise ValueError

    receive(reader_of(reader_database, handle), *bodies_of_new(database, 3))
    relay.number(reader_database, READER)
    assert [event.entityversion for event in events_of(reader_database)] == [1, 3]


def test_two_replicas_given_the_same_batch_apply_it_once(
    new_storage, database: Database, reader_database: Database
) -> None:
    """The second waits for the first to commit, and then finds nothing but duplicates."""
    storage: Storage = new_storage()
    shared, bodies = storage.open(), bodies_of_new(database, 3)
    receive(reader_of(shared), bodies[0])
    tasks = []

    def start_the_other(name: str) -> None:
        if name == "apply:before-commit":
            tasks.append(start(lambda: receive(reader_of(shared), *bodies)))
            storage.wait_for_a_waiting_writer()

    first = receive(replace(reader_of(shared), point=start_the_other), *bodies)
    assert (first.applied, first.duplicates) == (2, 1)
    assert tasks[0].result() == Outcome(duplicates=3)
    assert accounts(shared) == {"thing-1": (3, 3)}


def test_two_replicas_that_begin_at_once_leave_one_cursor_and_apply_each_event_once(
    new_storage, database: Database
) -> None:
    """Neither finds a cursor to lock: the second collides, and its attempt can be repeated."""
    storage: Storage = new_storage()
    shared, bodies = storage.open(), bodies_of_new(database, 3)
    tasks = []

    def start_the_other(name: str) -> None:
        if name == "apply:before-commit":
            tasks.append(start(lambda: retried(lambda: receive(reader_of(shared), *bodies))))
            storage.wait_for_a_waiting_writer()

    receive(replace(reader_of(shared), point=start_the_other), *bodies)
    assert tasks[0].result() == Outcome(duplicates=3)
    assert accounts(shared) == {"thing-1": (3, 3)}


def retried(attempt):
    """As the runtime does: after an error of the database the same messages are tried again."""
    for _ in range(5):
        try:
            return attempt()
        except Exception:  # noqa: BLE001, S110 - the last attempt raises
            pass
    return attempt()


def test_a_head_that_was_slow_to_come_is_no_divergence(
    new_storage, database: Database, reader_database: Database
) -> None:
    fill(database, 1)
    old = Near(database).head()
    fill(database, 1, first=2)
    reader = reader_of(reader_database)
    receive(reader, *bodies_of(database))
    assert cursor.compare_head(reader, READER, 1, old) is State.LEVEL
    assert cursor.compare_head(reader, READER, 2, old) is State.DIVERGED


def test_a_source_is_not_stopped_for_what_another_replica_has_passed_meanwhile(
    database: Database, reader_database: Database
) -> None:
    reader = reader_of(reader_database)
    receive(reader, *bodies_of_new(database, 2))
    assert cursor.diverge(reader, READER, 1, "hole").state is State.GAP
    assert cursor_of(reader_database).diverged is None


def test_sources_are_read_apart(database: Database, reader_database: Database, new_storage) -> None:
    """A second source that diverges stops alone."""
    append(database, 1, subject="of-one")
    relay.number(database, SOURCE)
    other, at_other = new_storage().open(), replace(SOURCE, source=source_urn("other"))
    changed = EventType("other.thing.changed", 1, CHANGED.schema, "变更", "A thing of the other source has changed.")
    with other.begin(at_other) as session:
        raise_event(session, event_type=changed, subject="of-two")
    relay.number(other, at_other)
    one = reader_of(reader_database)
    two = replace(one, source="other")
    cursor.check(two, READER, Near(other))
    cursor.diverge(two, READER, 1, "hole")
    assert cursor.check(one, READER, Near(database)).applied == 1
    assert set(accounts(reader_database)) == {"of-one", "of-two"}
