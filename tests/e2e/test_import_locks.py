"""Imports and requests at once, on PostgreSQL: what one changes, the other does not overwrite."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from hongxia.database import Database
from hongxia.events.tables import platform_metadata, start_log
from hongxia.workbook.reconcile import NotLoadable
from tests.servers import wait_until
from tests.servers.postgres import PostgreSQL
from tests.unit.store_service import Base, amend, import_rows, item, the_item, versions, work

DEADLINE_SECONDS = 20.0


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[Database]:
    """The store's database."""
    url = postgres.create_database("store")
    opened = Database(url)
    with opened.engine.begin() as connection:
        platform_metadata.create_all(connection)
        Base.metadata.create_all(connection)
        start_log(connection)
    yield opened
    opened.close()
    postgres.drop_database(url)


def waits_for_a_lock(database: Database) -> bool:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with database.engine.connect() as connection:
        return bool(connection.scalar(query))


def in_a_thread(act: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, raised


def test_a_row_waits_for_the_request_that_changes_its_record_and_finds_the_conflict(database: Database) -> None:
    import_rows(database, [item()])
    with work(database, "小王") as session:
        amend(session, the_item(session), {"title": "照片"})
        session.flush()
        thread, raised = in_a_thread(lambda: import_rows(database, [item(title="信件")]))
        wait_until(lambda: waits_for_a_lock(database), DEADLINE_SECONDS, "the import does not wait for the record")
    thread.join(DEADLINE_SECONDS)
    [error] = raised
    assert isinstance(error, NotLoadable)
    assert "已由 小王 改为“照片”" in error.findings[0].message_zh
    assert versions(database) == {"W-1": (2, "照片")}


def test_importing_again_and_again_is_remembered_on_postgresql_as_well(database: Database) -> None:
    import_rows(database, [item(), item("W-2"), item("W-3")])
    assert import_rows(database, [item(title="照片"), item("W-2")]).missing == [("物品", "W-3")]
    plan = import_rows(database, [item(title="照片"), item("W-2")])
    assert (plan.digest, plan.missing) == ("", [("物品", "W-3")])
