"""Merging, and the milestones that a year brings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session

from services.registry.cadres import find, rules
from services.registry.cadres.model import Cadre
from services.registry.deaths import rules as deaths
from services.registry.merges import rules as merges
from services.registry.milestones import rules as milestones
from services.registry.transfers import rules as transfers
from tests.unit.registry_builders import (
    OTHER_STREET,
    TODAY,
    empty_registry,
    kinds,
    published,
    refusal,
    registered,
    resident_number,
)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def second(session: Session, **different: object) -> Cadre:
    """Another record with the same name and birth date."""
    return registered(session, **{"resident_number": resident_number(serial=2), **different})


def test_a_merged_record_disappears_and_the_event_says_into_which(session: Session) -> None:
    first, other = registered(session), second(session)
    merges.merge(session, other, first, TODAY)
    assert (other.state, other.merged_into) == ("merged", first.id)
    event = published(session)[-1]
    assert (event["type"], event["subject"]) == ("hongxia.registry.cadre.merged.v1", other.id)
    assert event["data"]["into"] == first.id
    assert merges.near_duplicates(session) == []
    assert list(session.scalars(find.listed(session, {}))) == [first]
    assert list(session.scalars(find.listed(session, {"state": "merged"}))) == [other]


def test_the_resident_number_of_a_merged_record_is_free_again(session: Session) -> None:
    first, other = registered(session), second(session)
    merges.merge(session, other, first, TODAY)
    rules.amend(session, first, {"resident_number": other.resident_number}, "correction", TODAY)
    with refusal("resident-number-taken"):
        second(session)


def test_records_are_merged_only_if_they_may_be_one_person_s(session: Session) -> None:
    first = registered(session)
    stranger = second(session, name="陈国华", resident_number=resident_number("19410709"))
    with refusal("not-the-same-person", "into"):
        merges.merge(session, stranger, first, TODAY)
    with refusal("merged-into-itself", "into"):
        merges.merge(session, first, first, TODAY)


def test_a_merge_that_was_undone_leaves_the_record_as_it_was(session: Session) -> None:
    first, other = registered(session), second(session, deceased_on=date(2022, 8, 9))
    deaths.record(session, first, date(2022, 8, 9), TODAY)
    before = published(session)[1]["data"] | {"deceased_on": "2022-08-09"}
    merges.merge(session, other, first, TODAY)
    merges.undo(session, other, TODAY)
    assert (other.state, other.merged_into) == ("deceased", None)
    event = published(session)[-1]
    assert (kinds(session)[-1], event["subject"], event["data"]) == (
        "merge-undone",
        other.id,
        {**before, "into": first.id},
    )


def due(session: Session, year: int = 2022) -> list[tuple[str, date]]:
    """Kind and date of the milestones of a year."""
    return [(milestone.kind, milestone.on) for milestone in milestones.due(session, year)]


@pytest.mark.parametrize("age", [70, 80, 90, 100])
def test_round_birthdays_are_milestones(session: Session, age: int) -> None:
    registered(session, resident_number=resident_number(f"{2022 - age}0315"))
    assert due(session) == [(f"age-{age}", date(2022, 3, 15))]
    assert due(session, 2023) == []


def test_fifty_years_in_the_party_are_a_milestone_of_members_only(session: Session) -> None:
    registered(session, joined_party_on=date(1972, 7, 1))
    second(session, joined_party_on=date(1972, 7, 1), political_status="13")
    assert due(session) == [("party-50", date(2022, 7, 1))]


def test_one_person_may_have_two_milestones_and_all_come_by_date(session: Session) -> None:
    registered(session, resident_number=resident_number("19520801"), joined_party_on=date(1972, 7, 1))
    assert due(session) == [("party-50", date(2022, 7, 1)), ("age-70", date(2022, 8, 1))]


def test_who_is_not_served_on_the_day_has_no_milestone(session: Session) -> None:
    born = "19520315"
    late = registered(session, resident_number=resident_number(born, 1), registered_on=date(2022, 3, 16))
    dead = registered(session, resident_number=resident_number(born, 2))
    deaths.record(session, dead, date(2022, 3, 14), TODAY)
    merged = registered(session, resident_number=resident_number(born, 3))
    merges.merge(session, merged, late, TODAY)
    away = registered(session, resident_number=resident_number(born, 4))
    transfers.leave(session, away, {"left_on": date(2022, 3, 15), "destination": "某区"}, TODAY)
    twice = registered(session, resident_number=resident_number(born, 5))
    for left_on, returned_on in ((date(2022, 9, 1), None), (date(2022, 3, 1), date(2022, 3, 16))):
        values = {"left_on": left_on, "returned_on": returned_on, "destination": "某区"}
        transfers.leave(session, twice, values, TODAY)
    assert due(session) == []


def announced(session: Session) -> list[tuple[str, str, str]]:
    """What was published of milestones: what, kind and month."""
    events = [event for event in published(session) if ".milestone." in event["type"]]
    return [(event["type"].split(".")[3], event["data"]["milestone"], event["data"]["month"]) for event in events]


MARCH = date(2022, 3, 1)


def test_the_milestones_of_the_month_are_announced_once_and_without_the_day(session: Session) -> None:
    cadre = registered(session, resident_number=resident_number("19520315"))
    registered(session, resident_number=resident_number("19520415"))
    registered(session, resident_number=resident_number("19520316"), deceased_on=date(2021, 3, 1))
    assert (milestones.announce(session, MARCH), milestones.announce(session, MARCH)) == (1, 0)
    assert announced(session) == [("due", "age-70", "2022-03")]
    event = published(session)[-1]
    assert (event["data"]["cadre_id"], event["occurredon"]) == (cadre.id, "2022-03-01")
    assert "15" not in event["data"].values()


@pytest.mark.parametrize("what", ["birth date", "death", "transfer", "merge", "registration"])
def test_a_correction_that_moves_a_milestone_withdraws_it(session: Session, what: str) -> None:
    cadre = registered(session, resident_number=resident_number("19520315"))
    other = registered(session, resident_number=resident_number("19530315"))
    milestones.announce(session, MARCH)
    if what == "birth date":
        rules.amend(session, cadre, {"resident_number": resident_number("19520415")}, "correction", TODAY)
    elif what == "death":
        deaths.record(session, cadre, date(2022, 3, 14), TODAY)
    elif what == "transfer":
        transfers.leave(session, cadre, {"left_on": MARCH, "destination": "某区"}, TODAY)
    elif what == "merge":
        merges.merge(session, cadre, other, TODAY)
    else:
        rules.amend(session, cadre, {"registered_on": date(2022, 3, 16)}, "correction", TODAY)
    assert announced(session) == [("due", "age-70", "2022-03"), ("withdrawn", "age-70", "2022-03")]


def test_a_withdrawn_milestone_is_announced_again_in_its_month(session: Session) -> None:
    cadre = registered(session, resident_number=resident_number("19520315"))
    milestones.announce(session, MARCH)
    rules.amend(session, cadre, {"resident_number": resident_number("19520415")}, "correction", TODAY)
    assert milestones.announce(session, date(2022, 4, 1)) == 1
    assert announced(session)[-1] == ("due", "age-70", "2022-04")
    versions = [event["entityversion"] for event in published(session) if ".milestone." in event["type"]]
    assert versions == [1, 2, 3]


def test_what_does_not_move_a_milestone_withdraws_nothing(session: Session) -> None:
    cadre = registered(session, resident_number=resident_number("19520315"))
    milestones.announce(session, MARCH)
    rules.amend(session, cadre, {"street": OTHER_STREET}, "correction", TODAY)
    deaths.record(session, cadre, date(2022, 3, 15), TODAY)
    assert announced(session) == [("due", "age-70", "2022-03")]
