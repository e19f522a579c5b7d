"""One person, one record: duplicates and merging; and the milestones that a year brings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session

from hongxia.http.problems import Conflict, NotFound, Rule
from services.registry import amendments, cadres, deaths, merging, milestones
from services.registry.models import Cadre
from tests.unit.registry_builders import TODAY, empty_registry, registered, resident_number, told


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def second(session: Session, **different: object) -> Cadre:
    """Another record with the same name and birth date."""
    return registered(session, **{"resident_number": resident_number(serial=2), **different})


def test_records_with_the_same_name_and_birth_date_are_candidates(session: Session) -> None:
    first, other = registered(session), second(session)
    second(session, name="林晓云", resident_number=resident_number(serial=3))
    second(session, resident_number=resident_number("19500302"))
    (group,) = merging.duplicates(session)
    assert group.cadres == [first, other]


def test_a_merged_record_disappears_and_the_event_says_into_which(session: Session) -> None:
    first, other = registered(session), second(session)
    merging.merge(session, other, first, TODAY)
    assert (other.status, other.merged_into) == ("merged", first.id)
    event = told(session)[-1]
    assert (event["type"], event["subject"]) == ("hongxia.registry.cadre.merged.v1", other.id)
    assert event["data"]["into"] == first.id
    assert merging.duplicates(session) == []
    assert list(session.scalars(cadres.listed({}))) == [first]
    assert list(session.scalars(cadres.listed({"status": "merged"}))) == [other]


def test_a_merged_record_is_closed_but_its_resident_number_is_free_again(session: Session) -> None:
    first, other = registered(session), second(session)
    merging.merge(session, other, first, TODAY)
    with pytest.raises(Rule) as refused:
        amendments.amend(session, other, {"street": "沙湾街道"}, TODAY, TODAY)
    assert (refused.value.slug, refused.value.extra) == ("cadre-merged", {"into": first.id})
    amendments.amend(session, first, {"resident_number": other.resident_number}, TODAY, TODAY)
    with pytest.raises(Conflict):
        second(session)


def test_two_records_are_merged_only_if_they_may_be_one_person_s(session: Session) -> None:
    first = registered(session)
    stranger = second(session, name="陈国华", resident_number=resident_number("19410709"))
    with pytest.raises(Rule) as refused:
        merging.merge(session, stranger, first, TODAY)
    assert refused.value.slug == "not-the-same-person"


def test_a_record_is_not_merged_into_itself(session: Session) -> None:
    first = registered(session)
    with pytest.raises(Rule) as refused:
        merging.merge(session, first, first, TODAY)
    assert refused.value.slug == "merged-into-itself"


def test_a_record_is_not_merged_into_a_merged_one(session: Session) -> None:
    first, other = registered(session), second(session)
    third = second(session, resident_number=resident_number(serial=3))
    merging.merge(session, other, first, TODAY)
    with pytest.raises(Rule) as refused:
        merging.merge(session, third, other, TODAY)
    assert refused.value.slug == "into-merged"


def test_a_death_is_not_lost_in_a_merge(session: Session) -> None:
    first, other = registered(session), second(session)
    deaths.record(session, other, date(2022, 8, 9), TODAY)
    with pytest.raises(Rule) as refused:
        merging.merge(session, other, first, TODAY)
    assert refused.value.slug == "into-living"
    deaths.record(session, first, date(2022, 8, 9), TODAY)
    merging.merge(session, other, first, TODAY)
    assert told(session)[-1]["data"]["deceased_on"] == "2022-08-09"


def test_both_records_of_a_merge_must_be_there(session: Session) -> None:
    first = registered(session)
    with pytest.raises(NotFound):
        merging.locked_pair(session, "nobody", first.id)
    with pytest.raises(Rule) as refused:
        merging.locked_pair(session, first.id, "nobody")
    assert refused.value.errors[0].pointer == "#/into"
    assert merging.locked_pair(session, first.id, first.id) == (first, first)


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
    deaths.record(session, dead, date(2022, 3, 15), TODAY)
    merged = registered(session, resident_number=resident_number(born, 3))
    merging.merge(session, merged, late, TODAY)
    assert due(session) == []


def test_a_birthday_on_the_leap_day_falls_on_the_last_of_february(session: Session) -> None:
    registered(session, resident_number=resident_number("19520229"))
    assert due(session) == [("age-70", date(2022, 2, 28))]
