"""The locks of the event platform: the head of the log, the cursor, a parked event, the import, the leadership."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from hongxia.events import cursor, feed, parked, relay
from hongxia.events.cursor import Consumer, Outcome, State
from hongxia.events.envelope import Event
from hongxia.events.feed import Head
from hongxia.events.parked import Replayed
from hongxia.events.tables import outbox
from hongxia.runtime.green import Bell
from hongxia.runtime.relay import leadership
from tests.conformance.cases import (
    Bookkeeper,
    accounts,
    append,
    assert_unbroken,
    cursor_of,
    fill,
    reader_of,
)
from tests.conformance.test_import_lock import Loader
from tests.keys import sign_as
from tests.races.conftest import NewRace
from tests.races.kit import LockMissing, Race
from tests.races.threads import start
from tests.unit.events_builders import (
    READER,
    SOURCE,
    Recorder,
    events_of,
    source_with,
)

HEAD, CURSOR = "FROM outbox_head", "FROM cursor WHERE"
LATER = SOURCE.now + timedelta(days=1)


@pytest.mark.lock("hongxia.events.relay:lock_head")
def test_two_relays_never_give_the_same_position(race: Race) -> None:
    append(race.database, 1, 2, 3)

    def number() -> int:
        return relay.number(race.database, SOURCE, limit=2)

    assert race.between(number, number, after=HEAD) == (2, 1)
    assert_unbroken(events_of(race.database))


@pytest.mark.lock("hongxia.events.relay:lock_head")
def test_two_relays_that_are_about_to_commit_take_turns_too(race: Race) -> None:
    append(race.database, 1, 2, 3)

    def number() -> int:
        return relay.number(race.database, SOURCE, limit=2)

    assert race.between(number, number) == (2, 1)
    assert_unbroken(events_of(race.database))


@pytest.mark.lock("hongxia.events.relay:lock_head")
def test_events_are_not_dropped_while_others_are_numbered(race: Race) -> None:
    fill(race.database, 3)
    relay.publish(race.database, Recorder(), SOURCE, sign_as("origin"))
    append(race.database, 4)
    numbered, dropped = race.between(
        lambda: relay.number(race.database, SOURCE), lambda: feed.forget(race.database, SOURCE, LATER), after=HEAD
    )
    assert (numbered, dropped) == (1, 3)


@pytest.mark.lock("hongxia.events.relay:lock_head")
def test_two_that_drop_events_take_turns(race: Race) -> None:
    fill(race.database, 3)
    relay.publish(race.database, Recorder(), SOURCE, sign_as("origin"))

    def drop() -> int:
        return feed.forget(race.database, SOURCE, LATER)

    assert race.between(drop, drop, after=HEAD) == (3, 0)


def reading(race: Race, count: int = 3) -> tuple[Consumer, list[Event]]:
    """A consumer that has read one of so many events."""
    events, reader = events_of(source_with(count)), reader_of(race.database)
    cursor.apply(reader, READER, events[:1])
    return reader, events


@pytest.mark.lock("hongxia.events.cursor:lock")
@pytest.mark.parametrize("after", [CURSOR, None])
def test_a_batch_given_to_two_replicas_is_applied_by_one(race: Race, after: str | None) -> None:
    reader, events = reading(race)

    def apply() -> Outcome:
        return cursor.apply(reader, READER, events)

    assert race.between(apply, apply, after=after) == (Outcome(applied=2, duplicates=1), Outcome(duplicates=3))
    assert accounts(race.database) == {"thing-1": (3, 3)}


@pytest.mark.lock("hongxia.events.cursor:lock")
def test_a_source_is_not_read_from_its_beginning_while_a_batch_is_applied(race: Race) -> None:
    reader, events = reading(race)

    def reread() -> None:
        with race.database.begin(READER) as session:
            cursor.reread(session, "origin")

    race.between(lambda: cursor.apply(reader, READER, events).state, reread, after=CURSOR)
    assert cursor_of(race.database).position == 0


@pytest.mark.lock("hongxia.events.cursor:lock")
def test_a_source_is_not_stopped_for_what_is_just_being_applied(race: Race) -> None:
    reader, events = reading(race)
    stopped = race.between(
        lambda: cursor.apply(reader, READER, events).state,
        lambda: cursor.diverge(reader, READER, 1, "hole").state,
        after=CURSOR,
    )
    assert stopped == (State.LEVEL, State.GAP)
    assert cursor_of(race.database).diverged is None


@pytest.mark.lock("hongxia.events.cursor:lock")
def test_a_head_is_compared_with_the_cursor_as_it_is_after_the_batch(race: Race) -> None:
    reader, events = reading(race)
    head = Head(3, events[2].chain, unnumbered=0, first=1)
    states = race.between(
        lambda: cursor.apply(reader, READER, events).state,
        lambda: cursor.compare_head(reader, READER, 1, head),
        after=CURSOR,
    )
    assert states == (State.LEVEL, State.LEVEL)


@pytest.mark.lock("hongxia.events.cursor:lock")
def test_a_stopped_source_does_not_go_on_from_where_it_no_longer_stands(race: Race) -> None:
    """One replica looks whether the source was put right while another one has it read from its beginning."""
    reader, events = reading(race)
    source: Any = SimpleNamespace(page=lambda after, limit, _chain: events[after : after + limit])
    cursor.diverge(reader, READER, 1, "hole")

    def reread() -> None:
        with race.database.begin(READER) as session:
            cursor.reread(session, "origin")

    race.between(reread, lambda: cursor.resume(reader, READER, source), after=CURSOR)
    assert cursor_of(race.database).position == 0


@pytest.mark.lock("hongxia.events.parked:_replay_one")
def test_of_two_replays_one_applies_an_event(race: Race) -> None:
    cursor.apply(reader_of(race.database, Bookkeeper(1)), READER, events_of(source_with(1)))

    def replay() -> Replayed:
        return parked.replay(race.database, READER, lambda _source: Bookkeeper())

    assert race.between(replay, replay, after="FROM parked WHERE") == (Replayed(1, 0), Replayed(0, 0))
    assert accounts(race.database) == {"thing-1": (1, 1)}


@pytest.mark.lock("hongxia.workbook.importing:_take_turns")
def test_of_two_imports_the_second_finds_what_the_first_has_written(race: Race) -> None:
    created = race.between(
        lambda: Loader(race.database).run("a", "b"),
        lambda: Loader(race.database).run("a", "b", "c"),
        after="FROM ledger",
    )
    assert created == (2, 1)


@pytest.mark.lock("hongxia.runtime.relay:_locked")
def test_of_two_replicas_one_relays(new_race: NewRace) -> None:
    """It does not wait but goes on standing by, so that there is no race to run: both are asked."""
    race = new_race()
    hosts: Any = [SimpleNamespace(database=race.database, bell=Bell()) for _ in range(2)]
    with leadership(hosts[0]) as first:
        with leadership(hosts[1]) as second:
            if second is not None:
                raise LockMissing("both lead")
        assert first is not None


def test_a_commit_is_not_held_up_by_the_relay(race: Race) -> None:
    """The head is locked while events are numbered, and whoever appends needs no lock of it."""
    append(race.database, 1)

    def append_meanwhile(name: str) -> None:
        if name == "number:before-commit":
            start(lambda: append(race.database, 2)).result()

    assert relay.number(race.database, SOURCE, point=append_meanwhile) == 1
    with race.database.read() as session:
        assert session.scalar(select(func.count()).select_from(outbox)) == 2
