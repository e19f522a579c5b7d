"""Many rows in one statement: every value comes back as it went in, and the later version wins."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from hongxia.database import Database
from services.reporting.facts import bulk
from tests.conformance.backends import facts
from tests.unit.events_builders import READER

KEY = ("generation", "key")


def fact(key: str = "a", version: int = 1, position: int = 1, **values: Any) -> dict[str, Any]:
    row = {"generation": 1, "key": key, "version": version, "position": position}
    return {**row, "occurred_on": date(2022, 2, 28), "name": "甲", "counts": True, "body": b"{}", **values}


def add(database: Database, *rows: dict[str, Any]) -> None:
    with database.begin(READER) as session:
        bulk.add(session, facts, rows)


def put(database: Database, *rows: dict[str, Any]) -> None:
    with database.begin(READER) as session:
        bulk.put(session, facts, rows)


def kept(database: Database) -> list[dict[str, Any]]:
    with database.read() as session:
        return [dict(row) for row in session.execute(select(facts).order_by(facts.c.key)).mappings()]


@pytest.mark.parametrize(
    "values",
    [
        {"occurred_on": date(1, 1, 1)},
        {"occurred_on": date(9999, 12, 31)},
        {"occurred_on": None, "name": None, "counts": None, "body": None},
        {"name": "", "body": b"", "counts": False},
        {"name": "\"'\\ \t\r\n $$ %s :x {} \u2028"},
        {"name": "\U00020bb7\ue000é\u0301"},
        {"name": "null"},
        {"body": '{"走访": "\\u0000 \U00020bb7"}'.encode()},
        {"body": b"\\x00 \\n " + bytes(range(1, 128))},
        {"version": 2**31 - 1, "position": 0},
    ],
)
@pytest.mark.parametrize("write", [add, put])
def test_every_value_comes_back_as_it_went_in(database: Database, write: Any, values: dict[str, Any]) -> None:
    row = fact(**values)
    write(database, row)
    assert kept(database) == [row]


@pytest.mark.parametrize("write", [add, put])
def test_no_rows_are_no_statement(database: Database, write: Any) -> None:
    write(database)
    assert kept(database) == []


def test_many_rows_are_written_at_once(database: Database) -> None:
    rows = [fact(f"{number:05}", name=f"第{number}条") for number in range(3000)]
    add(database, *rows)
    assert kept(database) == rows


def test_rows_that_are_there_are_refused_by_add_and_none_of_the_others_is_left(database: Database) -> None:
    add(database, fact("a"))
    with pytest.raises(IntegrityError):
        add(database, fact("b"), fact("a", version=2))
    assert [row["key"] for row in kept(database)] == ["a"]


@pytest.mark.parametrize(
    ("there", "new", "wins"),
    [
        ((1, 1), (2, 1), True),
        ((1, 5), (2, 3), True),
        ((2, 1), (1, 9), False),
        ((1, 1), (1, 2), True),
        ((1, 2), (1, 1), False),
        ((1, 1), (1, 1), False),
    ],
)
def test_put_replaces_a_row_only_with_a_later_version_or_position(
    database: Database, there: tuple[int, int], new: tuple[int, int], wins: bool
) -> None:
    before, after = fact("a", *there, name="旧"), fact("a", *new, name="新", body=None)
    put(database, before)
    put(database, after, fact("b"))
    assert kept(database) == [after if wins else before, fact("b")]


def test_put_again_changes_nothing(database: Database) -> None:
    rows = [fact("a"), fact("b", 3, 4)]
    for _ in range(3):
        put(database, *rows)
    assert kept(database) == rows


def test_the_same_key_in_another_generation_is_another_row(database: Database) -> None:
    put(database, fact("a"), fact("a", generation=2, name="乙"))
    assert {row["generation"]: row["name"] for row in kept(database)} == {1: "甲", 2: "乙"}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_order_of_the_batches_the_latest_of_each_row_is_left(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    rows = [fact(key, version, version * 10, name=f"{key}{version}") for key in "abcd" for version in range(1, 6)]
    chance.shuffle(rows)
    while rows:
        batch = {row["key"]: row for row in (rows.pop() for _ in range(min(len(rows), chance.randint(1, 4))))}
        put(database, *batch.values())
    last = {row["key"]: row for row in kept(database)}
    assert set(last) == set("abcd")
    assert all(row["name"] == f"{key}{row['version']}" for key, row in last.items())
