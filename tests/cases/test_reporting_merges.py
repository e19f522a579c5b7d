"""Merges and contradictions in figures: the survivor counts, an undone merge restores every figure, and nothing
contradictory is counted without a word.
"""

from __future__ import annotations

import pytest

from hongxia.database import Database
from services.reporting.figures.catalogue import for_year
from tests.unit.reporting_builders import (
    TODAY,
    Api,
    Source,
    approved,
    cadre,
    contact,
    contradiction,
    figure,
    new_database,
    person,
    value,
    visit,
)

MILESTONES = "outreach.milestone_visits.persons"
COVERAGE = "outreach.contact.coverage"


def read(*sources: Source) -> Database:
    database = new_database()
    for source in sources:
        source.read(database)
    return database


def figures(database: Database) -> dict[str, tuple[str | None, int | None, int | None]]:
    """Every figure of 2022 with what it was divided from."""
    found = (figure(database, indicator.code, today=TODAY) for indicator in for_year(2022).indicators)
    return {each.indicator.code: (each.value, each.numerator, each.denominator) for each in found}


def two_records_of_one_person() -> tuple[Source, Source]:
    registry, outreach = Source("registry"), Source("outreach")
    for number in (1, 2, 3):
        cadre(registry, number)
        visit(outreach, f"v{number}", number, form="home", occasion="treatment_change")
        contact(outreach, number, f"2022-0{number}-10")
        approved(outreach, f"case {number}", number)
    return registry, outreach


def test_a_merge_that_is_undone_restores_every_figure() -> None:
    registry, outreach = two_records_of_one_person()
    before = figures(read(registry, outreach))
    cadre(registry, 1, "merged", version=2, into=person(2))
    merged = figures(read(registry, outreach))
    cadre(registry, 1, "merge-undone", version=3, into=person(2))
    assert merged != before
    assert figures(read(registry, outreach)) == before


def test_a_chain_of_merges_counts_one_person_and_undoing_its_middle_two() -> None:
    registry, outreach = two_records_of_one_person()
    cadre(registry, 1, "merged", version=2, into=person(2))
    cadre(registry, 2, "merged", version=2, into=person(3))
    database = read(registry, outreach)
    assert (value(database, MILESTONES), value(database, "outreach.aid.persons")) == ("1", "1")
    cadre(registry, 2, "merge-undone", version=3, into=person(3))
    database = read(registry, outreach)
    assert (value(database, MILESTONES), value(database, "outreach.aid.persons")) == ("2", "2")


def test_contacts_of_a_merged_record_count_for_the_survivor_and_a_month_counts_once() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1)
    cadre(registry, 2, registered_on="2022-11-01")
    contact(outreach, 1, "2022-11-05")
    contact(outreach, 2, "2022-11-06")
    contact(outreach, 1, "2022-12-05")
    cadre(registry, 1, "merged", version=2, into=person(2))
    rate = figure(read(registry, outreach), COVERAGE)
    assert (rate.numerator, rate.denominator) == (2, 2)


def test_a_record_that_comes_back_from_a_merge_is_due_with_all_that_it_was() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1, registered_on="2022-10-01")
    cadre(registry, 2)
    contact(outreach, 1, "2022-10-05")
    cadre(registry, 1, "merged", version=2, into=person(2), registered_on="2022-10-01")
    assert figure(read(registry, outreach), COVERAGE).denominator == 12
    cadre(registry, 1, "merge-undone", version=3, into=person(2), registered_on="2022-10-01")
    rate = figure(read(registry, outreach), COVERAGE)
    assert (rate.numerator, rate.denominator) == (1, 15)


def test_events_of_a_merge_and_its_undoing_give_the_same_in_whatever_order_they_are_applied() -> None:
    registry, outreach = two_records_of_one_person()
    cadre(registry, 1, "merged", version=2, into=person(2))
    cadre(registry, 1, "merge-undone", version=3, into=person(2))
    expected = figures(read(registry, outreach))
    assert figures(read(outreach, registry)) == expected
    assert value(read(registry, outreach), MILESTONES) == "3"


def test_a_contradictory_record_is_counted_and_named_until_it_is_explained_or_gone() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1)
    found = visit(outreach, "a", 1, five_must=True)
    visit(outreach, "b", 2, five_must=True)
    contradiction(outreach, found.subject)
    contradiction(outreach, person(9))
    database = read(registry, outreach)
    item = Api(database, registry, outreach).json("/years/2022/indicators/outreach.five_visits.persons")
    assert (item["value"], item["contradictory"]) == ("2", 1)
    assert item["remark"] == "其中 1 条记录存在未说明的矛盾"
    assert figure(database, "outreach.suggestions.received").contradictory == 0
    for version, what in ((2, "explained"), (3, "resolved")):
        contradiction(outreach, found.subject, what, version=version)
        assert figure(read(registry, outreach), "outreach.five_visits.persons").contradictory == 0
    contradiction(outreach, found.subject, version=4)
    assert figure(read(registry, outreach), "outreach.five_visits.persons").contradictory == 1


def test_a_record_that_two_others_contradict_is_named_once() -> None:
    outreach = Source("outreach")
    found = visit(outreach, "a", 1, five_must=True)
    for kind in ("after-death", "away"):
        data = {"kind": kind, "scope": person(1), "record": "visits", "record_id": found.subject, "other_id": None}
        outreach.publish("contradiction.found", kind, {**data, "on": "2022-08-20"})
    assert figure(read(outreach), "outreach.five_visits.persons").contradictory == 1


def test_a_contact_after_a_death_is_named_beside_the_coverage_only_if_it_counts() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1, deceased_on="2022-08-09")
    counted = contact(outreach, 1, "2022-07-10")
    late = contact(outreach, 1, "2022-09-10")
    contradiction(outreach, late.subject)
    assert figure(read(registry, outreach), COVERAGE).contradictory == 0
    contradiction(outreach, counted.subject)
    assert figure(read(registry, outreach), COVERAGE).contradictory == 1


@pytest.mark.parametrize("source", ["registry", "outreach", "activities", "finance"])
def test_the_years_contradictions_are_counted_by_source_with_the_place_where_they_are_listed(source: str) -> None:
    owner, database = Source(source), new_database()
    contradiction(owner, person(1))
    contradiction(owner, person(2))
    contradiction(owner, person(2), "explained", version=2)
    contradiction(owner, person(3))
    contradiction(owner, person(3), "resolved", version=2)
    contradiction(owner, person(4), on="2021-12-31")
    owner.read(database)
    found = Api(database, owner).json("/years/2022/indicators")["contradictions"]
    counts = {each["source"]: (each["open"], each["explained"]) for each in found}
    assert counts == {**dict.fromkeys(counts, (0, 0)), source: (1, 1)}
    path = next(each["path"] for each in found if each["source"] == source)
    assert path == "/contradictions?state=open&since=2022-01-01&until=2022-12-31"
