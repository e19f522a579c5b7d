"""The database: units of work, moments, errors told apart, connections that break."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from hongxia import database as database_module
from hongxia.database import (
    CONNECTIONS_A_PROCESS,
    IDLE_IN_TRANSACTION_SECONDS,
    LOCK_SECONDS,
    STATEMENT_SECONDS,
    Database,
    is_collision,
    is_infrastructure,
)
from hongxia.events.tables import cursor as cursors
from hongxia.events.tables import outbox_head
from tests.conformance.backends import PostgreSQLStorage, Storage, ledger, storages_with
from tests.conformance.cases import accounts, append
from tests.conformance.test_outbox import committed, open_account
from tests.races.threads import start
from tests.unit.events_builders import READER, SOURCE, raise_event

on_a_server = pytest.mark.parametrize("new_storage", storages_with("replicas"), indirect=True)
ROOT = Path(__file__).parents[2]
START = {"source": "origin", "position": 0, "chain": "", "head_position": 0, "head_chain": ""}


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2022, 7, 1, 12, tzinfo=timezone(timedelta(hours=8))),
        datetime(2022, 7, 1, 4, 0, 0, 1, tzinfo=UTC),
        datetime(1900, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_the_same_aware_and_in_utc(database: Database, moment: datetime) -> None:
    with database.begin(READER) as session:
        session.execute(insert(cursors).values(**START, head_seen=moment))
    with database.read() as session:
        found = session.execute(select(cursors)).one()
    assert (found.head_seen, found.head_seen.tzinfo, found.last_event) == (moment, UTC, None)


def test_what_is_written_while_reading_is_not_kept(database: Database) -> None:
    with database.read() as session:
        open_account(session)
    assert accounts(database) == {}


def test_a_failed_unit_of_work_lets_the_next_one_write(database: Database) -> None:
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), database.begin(SOURCE) as session:
            raise_event(session)
            raise error
    append(database, 1)
    assert committed(database) == [1]


def test_readers_do_not_wait_for_a_writer(storage: Storage) -> None:
    database = storage.open()
    with database.begin(SOURCE) as session:
        open_account(session)
        assert start(lambda: accounts(database)).result() == {}
    assert set(accounts(database)) == {"thing-1"}


def test_two_that_write_at_once_are_both_kept(storage: Storage) -> None:
    database = storage.open()
    writers = [start(lambda n=n: append(database, 1, subject=f"thing-{n}")) for n in range(8)]
    for writer in writers:
        writer.result()
    assert len(committed(database)) == 8


def test_two_processes_that_write_at_once_are_both_kept(storage: Storage) -> None:
    writers = [start(lambda n=n: append(storage.open(), 1, subject=f"thing-{n}")) for n in range(4)]
    for writer in writers:
        writer.result()
    assert len(committed(storage.open())) == 4


def test_a_unique_key_that_is_taken_is_a_collision_and_a_missing_value_is_none(database: Database) -> None:
    with database.begin(SOURCE) as session:
        open_account(session)
    for values, collides in (
        ({"subject": "thing-1", "version": 1, "applied": 0}, True),
        ({"subject": "thing-2", "version": 1, "applied": None}, False),
    ):
        with pytest.raises(IntegrityError) as refused, database.begin(SOURCE) as session:
            session.execute(insert(ledger).values(values))
        assert (is_collision(refused.value), is_infrastructure(refused.value)) == (collides, False)


def test_an_error_names_no_values(database: Database) -> None:
    with pytest.raises(IntegrityError) as refused, database.begin(SOURCE) as session:
        session.execute(insert(cursors).values({**START, "source": "张三", "chain": None}))
    assert "parameters hidden" in str(refused.value)
    assert "张三" not in str(refused.value).partition("DETAIL")[0]


def test_a_mistake_in_a_statement_is_not_waited_for_on_a_server(database: Database) -> None:
    """SQLite's driver calls it operational, like a lock that does not come free."""
    with pytest.raises(DBAPIError) as wrong, database.read() as session:
        session.execute(text("SELECT nothing FROM nowhere"))
    assert is_infrastructure(wrong.value) is database.embedded


def test_a_database_that_answers_can_be_asked(database: Database) -> None:
    database.ping()
    database.close()
    database.ping()


@on_a_server
def test_a_session_that_is_killed_in_a_unit_of_work_changes_nothing_and_is_waited_for(
    storage: PostgreSQLStorage,
) -> None:
    database = storage.open()
    with pytest.raises(DBAPIError) as lost, database.begin(SOURCE) as session:
        open_account(session)
        raise_event(session)
        session.flush()
        storage.end_sessions()
        session.execute(select(ledger))
    assert is_infrastructure(lost.value)
    assert (accounts(database), committed(database)) == ({}, [])


@on_a_server
def test_connections_that_were_killed_in_the_pool_are_replaced(
    storage: PostgreSQLStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has lain idle is asked before it is used, so that no unit of work fails."""
    monkeypatch.setattr("hongxia.database.PING_AFTER_SECONDS", -1.0)
    database = storage.open()
    append(database, 1)
    assert storage.end_sessions() == 1
    append(database, 2)
    assert committed(database) == [1, 2]


@on_a_server
def test_a_server_that_is_not_there_is_waited_for(storage: PostgreSQLStorage) -> None:
    away = Database("postgresql+psycopg2://nobody:nothing@127.0.0.1:1/none", connect_args={"connect_timeout": 2})
    with pytest.raises(OperationalError) as refused:
        away.ping()
    assert is_infrastructure(refused.value)
    away.close()


@on_a_server
def test_an_unknown_host_is_waited_for(storage: PostgreSQLStorage) -> None:
    away = Database("postgresql+psycopg2://nobody:nothing@no-such-host.invalid/none")
    with pytest.raises(OperationalError) as refused:
        away.ping()
    assert is_infrastructure(refused.value)
    away.close()


@on_a_server
def test_a_pool_that_is_used_up_is_waited_for(storage: PostgreSQLStorage) -> None:
    database = storage.open(pool_size=1, max_overflow=0, pool_timeout=0.1)
    with database.read() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(Exception, match="QueuePool limit") as refused:
            database.ping()
    assert is_infrastructure(refused.value)


SETTINGS = {
    "statement_timeout": STATEMENT_SECONDS,
    "lock_timeout": LOCK_SECONDS,
    "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_SECONDS,
}


@on_a_server
def test_no_statement_lock_or_transaction_holds_a_service_for_ever(storage: PostgreSQLStorage) -> None:
    with storage.open().read() as session:
        asked = text("SELECT name, setting::int / 1000 FROM pg_settings WHERE name = ANY(:names) AND unit = 'ms'")
        assert dict(session.execute(asked, {"names": list(SETTINGS)}).tuples().all()) == SETTINGS


@on_a_server
@pytest.mark.parametrize(
    ("setting", "statement"),
    [("statement_timeout", "SELECT pg_sleep(20)"), ("lock_timeout", "LOCK TABLE outbox_head IN EXCLUSIVE MODE")],
)
def test_what_takes_too_long_is_given_up_and_may_be_tried_again(
    storage: PostgreSQLStorage, monkeypatch: pytest.MonkeyPatch, setting: str, statement: str
) -> None:
    bounds = database_module.bounds()
    monkeypatch.setattr(database_module, "bounds", lambda: {**bounds, "options": f"-c {setting}=50ms"})
    holder, database = storage.open(), storage.open()
    with holder.begin(SOURCE) as session:
        session.execute(select(outbox_head).with_for_update())
        with pytest.raises(OperationalError) as refused, database.begin(SOURCE) as late:
            late.execute(text(statement))
    assert is_infrastructure(refused.value)
    database.ping()


def test_postgresql_has_room_for_all_that_its_services_may_open() -> None:
    started = (ROOT / "deploy/images/postgres/start").read_text(encoding="utf-8")
    [(each, spare)] = re.findall(r"processes \* (\d+) \+ (\d+)", started)
    assert int(each) >= CONNECTIONS_A_PROCESS
    assert int(spare) >= 20
