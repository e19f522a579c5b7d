"""The platform's tables: what the migrations make is what the code says, and moments keep their zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Column, Table, create_engine, insert, inspect, select
from sqlalchemy.dialects import postgresql, sqlite

from hongxia import services
from hongxia.database import migrate
from hongxia.events.tables import Moment, outbox, outbox_head, platform_metadata
from tests.unit.events_builders import new_database

PLATFORM_TABLES = sorted(platform_metadata.tables)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An inspector of a migrated database."""
    url = f"sqlite:///{tmp_path_factory.mktemp('migrated')}/finance.sqlite3"
    migrate(url, services.load("finance").definition.migrations)
    engine = create_engine(url)
    yield inspect(engine)
    engine.dispose()


def length(of: Any) -> int | None:
    return getattr(of, "length", None)


@pytest.mark.parametrize("name", PLATFORM_TABLES)
def test_the_columns_of_the_code_are_as_wide_and_as_obligatory_as_the_migrated_ones(migrated: Any, name: str) -> None:
    table = platform_metadata.tables[name]
    made = {column["name"]: (length(column["type"]), column["nullable"]) for column in migrated.get_columns(name)}
    assert made == {column.name: (length(column.type), column.nullable) for column in table.columns}


@pytest.mark.parametrize("name", PLATFORM_TABLES)
def test_what_has_to_be_unique_in_the_code_is_unique_in_a_migrated_database(migrated: Any, name: str) -> None:
    table: Table = platform_metadata.tables[name]
    assert migrated.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]
    unique = {tuple(one["column_names"]) for one in migrated.get_unique_constraints(name)}
    assert unique == {(column.name,) for column in table.columns if column.unique}


def test_moments_are_kept_with_their_zone_in_every_table() -> None:
    moments = [column for table in platform_metadata.tables.values() for column in table.columns if is_moment(column)]
    assert {column.table.name for column in moments} >= {"outbox", "cursor", "parked"}
    for column in moments:
        assert column.type.compile(postgresql.dialect()) == "TIMESTAMP WITH TIME ZONE"  # type: ignore[no-untyped-call]


def is_moment(column: Column[Any]) -> bool:
    return isinstance(column.type, Moment)


BEIJING = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    "moment", [datetime(2022, 3, 1, 0, 30, tzinfo=BEIJING), datetime(2022, 2, 28, 16, 30, tzinfo=UTC)]
)
def test_a_moment_comes_back_in_utc_whatever_zone_it_was_given_in(moment: datetime) -> None:
    kept = Moment().process_bind_param(moment, sqlite.dialect())
    assert (kept, kept.utcoffset() if kept else None) == (moment, timedelta(0))
    for found in (moment, moment.astimezone(UTC).replace(tzinfo=None)):  # PostgreSQL answers in a zone, SQLite in none
        read = Moment().process_result_value(found, sqlite.dialect())
        assert (read, read.utcoffset() if read else None) == (moment, timedelta(0))


def test_a_moment_without_a_zone_is_refused_and_none_stays_none() -> None:
    with pytest.raises(ValueError, match="zone"):
        Moment().process_bind_param(datetime(2022, 3, 1, tzinfo=UTC).replace(tzinfo=None), sqlite.dialect())
    assert Moment().process_bind_param(None, sqlite.dialect()) is None
    assert Moment().process_result_value(None, sqlite.dialect()) is None


def test_a_statement_with_a_moment_is_compiled_once() -> None:
    compiled: dict[Any, Any] = {}
    database = new_database()
    with database.engine.connect() as connection:
        connection = connection.execution_options(compiled_cache=compiled)
        for number in range(3):
            row = {"id": str(number), "type": "t", "recorded": datetime.now(UTC), "body": b"{}", "digest": bytes(32)}
            connection.execute(insert(outbox), row)
            connection.execute(select(outbox.c.recorded).where(outbox.c.recorded < datetime.now(UTC)))
    assert len(compiled) == 2


def test_a_log_starts_empty_with_one_row_and_its_first_event_is_the_first() -> None:
    database = new_database()
    with database.read() as session:
        [head] = session.execute(select(outbox_head)).all()
    assert head._asdict() == {"id": 1, "position": 0, "chain": "0" * 64, "published": 0, "first": 1}
