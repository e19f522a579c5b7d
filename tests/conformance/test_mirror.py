"""A copy of another service's entities: the newest version wins, whatever the order, and merges are followed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import String
from sqlalchemy.event import listen
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hongxia.database import Database
from hongxia.events.envelope import Event
from hongxia.mirror import Mirror, Mirrored, chain_of, ends_of
from tests.conformance.backends import cases_metadata
from tests.unit.events_builders import READER, signed

CHANGED, MERGED, READ = (f"hongxia.registry.person.{what}.v1" for what in ("changed", "merged", "read"))


class Base(DeclarativeBase):
    """The suite's own tables."""

    metadata = cases_metadata


class Person(Mirrored, Base):
    """A copy of a person, with a name for what the owner says."""

    __tablename__ = "person"

    unit: Mapped[str | None] = mapped_column(String(60))


PEOPLE = Mirror(
    Person,
    {
        CHANGED: lambda event: {"unit": event.need("unit", str)},
        MERGED: lambda event: {"unit": None, "merged_into": event.need("into", str)},
        READ: None,
    },
)


def changed(subject: str, version: int, unit: str = "") -> Event:
    return told(CHANGED, subject, version, {"unit": unit or f"unit-{version}"})


def merged(subject: str, version: int, into: str) -> Event:
    return told(MERGED, subject, version, {"into": into})


def told(event_type: str, subject: str, version: int, data: dict[str, Any]) -> Event:
    return signed({"type": event_type, "subject": subject, "entityversion": version, "data": data})


def apply(database: Database, *events: Event) -> set[str]:
    with database.begin(READER) as session:
        return PEOPLE.apply(session, events)


def found(database: Database, *ids: str) -> list[tuple[str, int, str | None] | None]:
    """For each id the surviving record: its id, version and unit."""
    with database.read() as session:
        people = [PEOPLE.find(session, one) for one in ids]
        return [None if person is None else (person.id, person.version, person.unit) for person in people]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1, 3, 2)])
def test_the_newest_version_wins_whatever_the_order(database: Database, order: tuple[int, ...], at_once: bool) -> None:
    events = [changed("a", version) for version in order]
    for batch in [events] if at_once else [[event] for event in events]:
        apply(database, *batch)
    assert found(database, "a", "b") == [("a", 3, "unit-3"), None]


def test_many_entities_are_written_at_once(database: Database) -> None:
    concerned = apply(database, *(changed(f"p-{number}", 1) for number in range(1200)))
    assert len(concerned) == 1200
    with database.read() as session:
        assert len(PEOPLE.known(session, concerned)) == 1200


def test_merges_are_followed_through_a_chain_and_back_when_one_is_undone(database: Database) -> None:
    apply(database, changed("a", 1), changed("b", 1), changed("c", 1))
    assert apply(database, merged("a", 2, "b")) == {"a", "b"}
    assert apply(database, merged("b", 2, "c")) == {"a", "b", "c"}
    assert found(database, "a", "b", "c") == [("c", 1, "unit-1")] * 3
    assert apply(database, changed("b", 3)) == {"a", "b", "c"}
    assert found(database, "a", "b", "c") == [("b", 3, "unit-3")] * 2 + [("c", 1, "unit-1")]


def test_a_merge_into_one_that_is_not_known_yet_holds_when_it_is(database: Database) -> None:
    apply(database, changed("a", 1), merged("a", 2, "b"))
    assert found(database, "a") == [None]
    apply(database, changed("b", 1))
    assert found(database, "a") == [("b", 1, "unit-1")]


def test_what_is_read_and_says_nothing_changes_nothing(database: Database) -> None:
    apply(database, changed("a", 1))
    assert apply(database, told(READ, "a", 2, {})) == set()
    assert found(database, "a") == [("a", 1, "unit-1")]


def test_a_copy_that_is_cleared_can_be_filled_again_from_the_beginning(database: Database) -> None:
    apply(database, changed("a", 5))
    with database.begin(READER) as session:
        PEOPLE.clear(session)
    apply(database, changed("a", 1))
    assert found(database, "a") == [("a", 1, "unit-1")]


def test_many_are_locked_in_the_order_of_ids_and_returned_by_the_ids_that_were_asked_for(database: Database) -> None:
    apply(database, *(changed(one, 1) for one in ("d", "c", "b", "a")), merged("a", 2, "d"))
    asked: list[list[str]] = []
    with database.begin(READER) as session:
        listen(session.connection(), "before_cursor_execute", lambda *sent: asked.append([str(sent[2])]))
        locked = PEOPLE.lock_all(session, ["c", "a", "nobody", "b"])
    assert {one: record.id for one, record in locked.items()} == {"c": "c", "a": "d", "b": "b"}
    locking = [statement for [statement] in asked if "unit" in statement]
    assert locking and all("ORDER BY person.id" in statement for statement in locking)


@pytest.mark.parametrize("chain", [[("a", "b")], [("a", "b"), ("b", "a")]])
def test_locking_ends_with_the_survivor_or_in_a_circle_at_all(database: Database, chain: list[tuple[str, str]]) -> None:
    apply(database, changed("a", 1), changed("b", 1), *(merged(one, 2, other) for one, other in chain))
    with database.begin(READER) as session:
        assert set(PEOPLE.lock_all(session, ["a"])) == {"a"}


def test_a_circle_of_merges_is_left_alone() -> None:
    into = {"a": "b", "b": "a", "c": "d", "d": "e", "f": "a"}
    assert ends_of(into) == {"c": "e", "d": "e"}
    assert [chain_of(into, one) for one in "acex"] == [["a"], ["c", "d", "e"], ["e"], ["x"]]
