"""Who reads the database server long after a restore wants the copies that it replaced: they go after a stated time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from tests.servers import PostgreSQL

SQL = Path(__file__).parents[2] / "deploy" / "images" / "postgres" / "expired.sql"
AGES = {"attackone_before": 8, "attacktwo_before": 6, "attackthree": 30, "attackfour_aside": 30}
"""Databases, and how many days ago they were replaced."""


@pytest.fixture
def server(postgres: PostgreSQL) -> Iterator[str]:
    """The address of a server with databases that restores replaced, with the comment that `exchange` gives them."""
    url = postgres.create_database("replaced")
    engine = create_engine(make_url(url), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for name, days in AGES.items():
            moment = datetime.now(UTC) - timedelta(days=days)
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
            connection.execute(text(f"COMMENT ON DATABASE {name} IS '{moment:%Y%m%dT%H%M%S}.123456789'"))
    yield url
    with engine.connect() as connection:
        for name in AGES:
            connection.execute(text(f"DROP DATABASE {name}"))
    postgres.drop_database(url)


def test_a_replaced_database_goes_after_a_week_and_nothing_else_does(server: str) -> None:
    engine = create_engine(make_url(server), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET timezone = 'UTC'"))
        asked = SQL.read_text(encoding="utf-8").replace(":days", "7")
        found = set(connection.exec_driver_sql(asked).scalars())
    assert found & AGES.keys() == {"attackone_before"}
