"""The outbox: an event is committed with the change that it reports, or neither is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from hongxia.database import Database, is_collision
from hongxia.events import outbox, relay
from hongxia.events.tables import outbox as log
from tests.conformance.backends import Storage, ledger
from tests.conformance.cases import accounts, append
from tests.races.threads import start
from tests.unit.events_builders import CHANGED, CLOSED, SOURCE, events_of, raise_event


def open_account(session, subject: str = "thing-1") -> None:
    session.execute(insert(ledger).values(subject=subject, version=1, applied=0))


def committed(database: Database) -> list[int]:
    """The versions of the events in the log, in the order in which they were written."""
    relay.number(database, SOURCE)
    return [event.entityversion for event in events_of(database)]


def test_an_event_is_committed_with_its_change(database: Database) -> None:
    with database.begin(SOURCE) as session:
        open_account(session)
        raise_event(session)
    assert (committed(database), accounts(database)) == ([1], {"thing-1": (1, 0)})


def test_if_the_unit_of_work_fails_neither_the_event_nor_the_change_is_left(database: Database) -> None:
    with pytest.raises(RuntimeError), database.begin(SOURCE) as session:
        open_account(session)
        raise_event(session)
        session.flush()
        outbox.flush(session)
        raise RuntimeError
    assert (committed(database), accounts(database)) == ([], {})


def test_if_the_event_is_refused_its_change_is_undone(database: Database) -> None:
    append(database, 1)
    with pytest.raises(IntegrityError) as refused, database.begin(SOURCE) as session:
        open_account(session)
        raise_event(session, 1)
    assert is_collision(refused.value)
    assert (committed(database), accounts(database)) == ([1], {})


def test_another_type_another_thing_or_another_version_is_another_event(database: Database) -> None:
    with database.begin(SOURCE) as session:
        raise_event(session, 1)
        raise_event(session, 1, CLOSED)
        raise_event(session, 1, subject="thing-2")
        raise_event(session, 2)
    assert committed(database) == [1, 1, 1, 2]


def test_if_the_change_is_refused_its_event_is_not_committed(database: Database) -> None:
    with database.begin(SOURCE) as session:
        open_account(session)
    with pytest.raises(IntegrityError) as refused, database.begin(SOURCE) as session:
        raise_event(session)
        open_account(session)
    assert is_collision(refused.value)
    assert committed(database) == []


def test_a_savepoint_undoes_changes_and_events_alike_and_the_rest_is_kept(database: Database) -> None:
    with database.begin(SOURCE) as session:
        raise_event(session, 1)
        with pytest.raises(RuntimeError), outbox.savepoint(session):
            open_account(session, "undone")
            raise_event(session, 2)
            with outbox.savepoint(session):
                raise_event(session, 3)
            raise RuntimeError
        with outbox.savepoint(session):
            open_account(session, "kept")
            raise_event(session, 4)
        with pytest.raises(IntegrityError), outbox.savepoint(session):
            raise_event(session, 4)
        raise_event(session, 5)
    assert committed(database) == [1, 4, 5]
    assert list(accounts(database)) == ["kept"]


def test_an_event_is_seen_by_no_other_process_before_the_commit(storage: Storage) -> None:
    writer, other = storage.open(), storage.open()
    with writer.begin(SOURCE) as session:
        raise_event(session)
        outbox.flush(session)
        with other.read() as reading:
            assert reading.execute(select(log.c.id)).all() == []
    with other.read() as reading:
        assert len(reading.execute(select(log.c.id)).all()) == 1


def test_the_body_comes_back_byte_for_byte(database: Database) -> None:
    """The chain covers the bytes, so that no storage may touch them."""
    with database.begin(SOURCE) as session:
        raise_event(session, subject="走访 \u2028 \U00020bb7 \\ \" '")
        outbox.flush(session)
        written = session.info["hongxia.outbox.appended"][0]["body"]
    with database.read() as session:
        assert bytes(session.scalars(select(log.c.body)).one()) == written


def test_whoever_wakes_the_relay_learns_the_types_after_the_commit(storage: Storage) -> None:
    heard: list[Sequence[str]] = []
    database = storage.open_with_notice(heard.append)
    with database.begin(SOURCE) as session:
        with outbox.savepoint(session):
            raise_event(session, 1)
        raise_event(session, 2, CLOSED)
        assert heard == []
    with database.begin(SOURCE):
        pass
    with pytest.raises(RuntimeError), database.begin(SOURCE) as session:
        raise_event(session, 3)
        raise RuntimeError
    assert heard == [[CHANGED.type, CLOSED.type]]


def test_whoever_is_told_of_a_commit_finds_it_committed(storage: Storage) -> None:
    other, seen = storage.open(), []

    def look(_types: Sequence[str]) -> None:
        with other.read() as session:
            seen.append(len(session.execute(select(log.c.id)).all()))

    append(storage.open_with_notice(look), 1, 2)
    assert seen == [2]


def test_of_two_that_raise_the_same_event_at_once_one_is_refused(storage: Storage) -> None:
    """Two processes: the second waits for the first to end, and is then told of the collision."""
    database = storage.open()

    def raise_again() -> None:
        append(database, 1)

    with database.begin(SOURCE) as session:
        raise_event(session, 1)
        outbox.flush(session)
        second = start(raise_again)
        storage.wait_for_a_waiting_writer()
    with pytest.raises(IntegrityError) as refused:
        second.result()
    assert is_collision(refused.value)
    assert committed(database) == [1]


def test_of_two_that_raise_the_same_event_at_once_the_second_is_kept_if_the_first_fails(storage: Storage) -> None:
    database = storage.open()
    with pytest.raises(RuntimeError), database.begin(SOURCE) as session:
        raise_event(session, 1)
        outbox.flush(session)
        second = start(lambda: append(database, 1))
        storage.wait_for_a_waiting_writer()
        raise RuntimeError
    second.result()
    assert committed(database) == [1]
