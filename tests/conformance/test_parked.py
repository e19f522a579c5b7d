"""Parked events: one that fails is kept alone and the others go on; a replay applies it later."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from hongxia.database import Database
from hongxia.events import cursor, parked
from hongxia.events.envelope import Malformed
from hongxia.events.parked import Replayed
from tests.conformance.backends import Storage
from tests.conformance.cases import Bookkeeper, accounts, append, cursor_of, fill, reader_of
from tests.races.threads import start
from tests.unit.events_builders import READER, SOURCE, events_of, relay, signed


def kept(database: Database) -> list[Any]:
    with database.read() as session:
        return list(parked.listed(session))


def replay(database: Database, bookkeeper: Bookkeeper) -> Replayed:
    return parked.replay(database, READER, {"origin": bookkeeper}.__getitem__)


def park(database: Database, reader_database: Database, count: int, *refused: int) -> None:
    """Read so many events of as many things, and park the events of some."""
    for number in range(1, count + 1):
        append(database, number, subject=f"thing-{number}")
    relay.number(database, SOURCE)
    cursor.apply(reader_of(reader_database, Bookkeeper(*refused)), READER, events_of(database))


def test_an_event_that_fails_is_parked_alone_and_the_others_go_on(
    database: Database, reader_database: Database
) -> None:
    events, bookkeeper = fill(database, 4), Bookkeeper(2)
    outcome = cursor.apply(reader_of(reader_database, bookkeeper), READER, events)
    assert (outcome.applied, outcome.parked) == (3, 1)
    assert bookkeeper.batches == [[1, 2, 3, 4], [1], *[[2]] * cursor.ATTEMPTS, [3], [4]]
    assert accounts(reader_database) == {"thing-1": (4, 3)}
    assert cursor_of(reader_database).position == 4
    (row,) = kept(reader_database)
    assert (row.source, row.position, bytes(row.body), row.reason, row.attempts) == (
        "origin",
        2,
        events[1].body,
        "refused",
        cursor.ATTEMPTS,
    )


def test_an_event_that_violates_a_constraint_is_parked_like_any_other(
    database: Database, reader_database: Database
) -> None:
    """On PostgreSQL an error ends the transaction unless there is a savepoint around it."""
    events = fill(database, 3)

    def handle(session, batch) -> None:
        Bookkeeper()(session, batch)
        if any(event.position == 2 for event in batch):
            parked.park(session, "origin", batch[0], None, 1, READER.now)
            parked.park(session, "origin", batch[0], None, 1, READER.now)

    outcome = cursor.apply(reader_of(reader_database, handle), READER, events)
    assert (outcome.applied, outcome.parked) == (2, 1)
    assert [(row.position, row.reason, row.detail) for row in kept(reader_database)] == [
        (2, "failed", "IntegrityError")
    ]


def test_a_failure_that_passes_parks_nothing(database: Database, reader_database: Database) -> None:
    bookkeeper, failures = Bookkeeper(), [1, 2]

    def handle(session, batch) -> None:
        bookkeeper(session, batch)
        if failures:
            failures.pop()
            raise ValueError

    outcome = cursor.apply(reader_of(reader_database, handle), READER, fill(database, 2))
    assert (outcome.applied, outcome.parked, kept(reader_database)) == (2, 0, [])
    assert accounts(reader_database) == {"thing-1": (2, 2)}


@pytest.mark.parametrize(
    "attributes",
    [
        {"subject": "x" * 5000, "type": "t" * 5000, "occurredon": "never" * 99},
        {"subject": "走" * 5000},
        {"subject": "a\0b", "type": "\0", "data": {"x": [None, {}]}},
        {"subject": "\U00020bb7\u2028", "occurredon": "\ue000" * 20},
        {"time": "9999-12-31T23:59:59-12:00"},
        {"time": None, "occurredon": {}},
    ],
)
def test_an_event_of_any_content_can_be_parked_and_comes_back_whole(
    reader_database: Database, attributes: dict[str, Any]
) -> None:
    event = signed({"entityversion": 1, **attributes})
    outcome = cursor.apply(reader_of(reader_database, Bookkeeper(1)), READER, [event])
    assert (outcome.parked, cursor_of(reader_database).position) == (1, 1)
    (row,) = kept(reader_database)
    assert bytes(row.body) == event.body
    assert (len(row.subject) <= 200, len(row.type) <= 120, len(row.occurredon) <= 10) == (True, True, True)


def test_a_replay_applies_what_can_be_applied_now_and_keeps_the_rest(
    database: Database, reader_database: Database
) -> None:
    park(database, reader_database, 5, 1, 3, 4)
    again = Bookkeeper(3, error=Malformed("data.amount is not of type int"))
    assert replay(reader_database, again) == Replayed(applied=2, still_parked=1)
    assert again.batches == [[1], [3], [4]]
    (row,) = kept(reader_database)
    assert (row.position, row.reason, row.attempts) == (3, "malformed", cursor.ATTEMPTS + 1)
    assert set(accounts(reader_database)) == {"thing-1", "thing-2", "thing-4", "thing-5"}
    assert replay(reader_database, Bookkeeper()) == Replayed(applied=1, still_parked=0)
    assert replay(reader_database, Bookkeeper()) == Replayed(applied=0, still_parked=0)


def test_a_replay_that_dies_halfway_has_applied_the_first_half_once(
    database: Database, reader_database: Database
) -> None:
    park(database, reader_database, 3, 1, 3)
    looked = []

    def die(name: str) -> None:
        looked.append(name)
        if len(looked) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parked.replay(reader_database, READER, lambda _source: Bookkeeper(), die)
    assert [row.position for row in kept(reader_database)] == [3]
    assert replay(reader_database, Bookkeeper()) == Replayed(applied=1, still_parked=0)
    assert {applied for _, applied in accounts(reader_database).values()} == {1}


def test_an_error_of_the_infrastructure_is_no_attempt(database: Database, reader_database: Database) -> None:
    park(database, reader_database, 1, 1)
    away = OperationalError("statement", None, Exception("away"))
    with pytest.raises(OperationalError):
        replay(reader_database, Bookkeeper(1, error=away))
    assert kept(reader_database)[0].attempts == cursor.ATTEMPTS
    assert accounts(reader_database) == {}


def test_of_two_replays_at_once_each_event_is_applied_by_one(new_storage, database: Database) -> None:
    storage: Storage = new_storage()
    shared, other = storage.open(), []
    park(database, shared, 2, 1, 2)

    def handle(session, batch) -> None:
        if not other:
            other.append(start(lambda: replay(shared, Bookkeeper())))
            storage.wait_for_a_waiting_writer()
        Bookkeeper()(session, batch)

    first = parked.replay(shared, READER, lambda _source: handle)
    second = other[0].result()
    assert first.applied + second.applied == 2
    assert accounts(shared) == {"thing-1": (1, 1), "thing-2": (2, 1)}
    assert kept(shared) == []


def test_parked_events_are_counted_and_dropped_by_source(database: Database, reader_database: Database) -> None:
    park(database, reader_database, 3, 1, 2)
    with reader_database.begin(READER) as session:
        parked.drop(session, "elsewhere")
        assert parked.counts(session) == {"origin": 2}
        parked.drop(session, "origin")
        assert parked.counts(session) == {}
