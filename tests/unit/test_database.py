from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, StatementError

from hongxia.database import Database, is_infrastructure, migrate, pending_revision
from hongxia.events.context import context_of
from hongxia.events.tables import cursor, platform_metadata, start_log
from tests.unit.events_builders import READER, SOURCE, new_database, raise_event

START = {"source": "origin", "position": 0, "chain": "", "head_position": 0, "head_chain": ""}


@pytest.fixture
def on_disk(tmp_path: Path) -> Database:
    """Several connections, unlike a database in memory."""
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    platform_metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        start_log(connection)
    return database


def events(database: Database) -> int:
    with database.read() as session:
        return session.scalar(text("SELECT count(*) FROM outbox")) or 0


def test_a_unit_of_work_knows_its_context() -> None:
    with new_database().begin(SOURCE) as session:
        assert context_of(session) is SOURCE


def test_what_is_written_while_reading_is_not_kept() -> None:
    database = new_database()
    with database.read() as session:
        session.execute(insert(cursor).values(START))
    with database.read() as session:
        assert not session.execute(select(cursor)).all()


def test_a_reader_sees_one_state_while_others_write(on_disk: Database) -> None:
    with on_disk.read() as reading:
        assert reading.scalar(text("SELECT count(*) FROM outbox")) == 0
        with on_disk.begin(SOURCE) as session:
            raise_event(session)
        assert reading.scalar(text("SELECT count(*) FROM outbox")) == 0
    assert events(on_disk) == 1


def test_on_sqlite_one_writes_at_a_time_and_the_others_wait(on_disk: Database) -> None:
    order: list[str] = []
    inside, ready = threading.Event(), threading.Event()

    def second() -> None:
        ready.set()
        with on_disk.begin(SOURCE):
            order.append("second")

    with on_disk.begin(SOURCE):
        waiting = threading.Thread(target=second)
        waiting.start()
        ready.wait(5)
        inside.wait(0.05)
        order.append("first")
    waiting.join(5)
    assert order == ["first", "second"]


def test_a_failed_writer_lets_the_next_one_write() -> None:
    database = new_database()
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), database.begin(SOURCE) as session:
            raise_event(session)
            raise error
    with database.begin(SOURCE) as session:
        raise_event(session)
    assert events(database) == 1


def test_a_moment_comes_back_aware_and_in_utc() -> None:
    database, moment = new_database(), datetime(2022, 7, 1, 12, tzinfo=timezone(timedelta(hours=8)))
    with database.begin(READER) as session:
        session.execute(insert(cursor).values(**START, head_seen=moment))
    with database.read() as session:
        found = session.execute(select(cursor)).one()
    assert (found.head_seen, found.head_seen.tzinfo, found.last_event) == (moment, UTC, None)


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2022, 7, 1, 12)  # noqa: DTZ001 - that is the point
    with pytest.raises(StatementError), new_database().begin(READER) as session:
        session.execute(insert(cursor).values(**START, head_seen=naive))


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (OperationalError("s", None, Exception()), True),
        (InterfaceError("s", None, Exception()), True),
        (DBAPIError("s", None, Exception(), connection_invalidated=True), True),
        (DBAPIError("s", None, Exception()), False),
        (IntegrityError("s", None, Exception()), False),
        (ValueError(), False),
    ],
)
def test_only_what_is_away_is_waited_for(error: Exception, waits: bool) -> None:
    assert is_infrastructure(error) is waits


def test_an_error_tells_no_values() -> None:
    with pytest.raises(IntegrityError) as refused, new_database().begin(READER) as session:
        session.execute(insert(cursor).values({**START, "source": "张三", "chain": None}))
    assert "张三" not in str(refused.value)


def test_a_database_is_brought_to_the_newest_revision(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'finance.db'}"
    migrations = "services.finance:migrations"
    database = Database(url)
    assert pending_revision(database, migrations) is not None
    migrate(url, migrations)
    assert pending_revision(database, migrations) is None
    migrate(url, migrations)
    assert events(database) == 0


def test_a_database_that_answers_can_be_asked() -> None:
    new_database().ping()
    with pytest.raises(OperationalError):
        Database("sqlite:////nowhere/at/all.db").ping()
