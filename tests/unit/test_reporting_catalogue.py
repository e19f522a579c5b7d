"""The indicator catalogue: complete, checked when it is loaded, and of no one year alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.reporting.figures import catalogue
from services.reporting.figures.catalogue import Undeclared, for_year, parse

ACCEPTANCE = Path(__file__).parents[2] / "demo" / "indicators-2022.csv"

ENTRY = """
year: 2022
units: {万元: {divide_by: 1000000, decimals: [2, 6]}}
indicators:
  - code: outreach.visits
    name: 走访
    unit: 次
    category: [产出, 数量]
    weight: 5
    target: 10
    count: {of: visit, where: {form: home}}
"""


def test_every_figure_of_the_printed_report_is_in_the_catalogue_with_its_unit() -> None:
    with ACCEPTANCE.open(encoding="utf-8") as file:
        wanted = {row["code"]: row["unit"] for row in csv.DictReader(file)}
    assert {indicator.code: indicator.unit.name for indicator in for_year(2022).indicators} == wanted


def test_a_few_lines_of_yaml_make_an_indicator() -> None:
    indicator = parse(ENTRY).indicators[0]
    assert (indicator.code, indicator.service, indicator.sources) == ("outreach.visits", "outreach", ("outreach",))


def test_a_year_has_the_newest_catalogue_that_is_not_after_it_or_else_the_earliest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = (parse(ENTRY), parse(ENTRY.replace("year: 2022", "year: 2025")))
    monkeypatch.setattr(catalogue, "catalogues", lambda: both)
    assert [for_year(year).year for year in (2019, 2022, 2024, 2025, 2030)] == [2022, 2022, 2022, 2025, 2025]


def test_what_was_printed_belongs_to_its_year_alone() -> None:
    assert for_year(2022).indicators[0].printed_as == "1803.90"
    assert {(indicator.printed_as, indicator.target) for indicator in for_year(2023).indicators} == {(None, None)}


def test_the_weights_are_at_most_the_forms_hundred_points() -> None:
    assert sum(indicator.weight for indicator in for_year(2022).indicators) <= 100


def test_indicators_beyond_the_report_are_found_by_their_code_and_stand_in_no_table() -> None:
    catalogue_2022 = for_year(2022)
    assert catalogue_2022.find("outreach.obligations.on_time") in catalogue_2022.beyond
    assert "outreach.obligations.on_time" not in {indicator.code for indicator in catalogue_2022.indicators}


def test_where_persons_are_counted_the_register_is_a_source() -> None:
    found = for_year(2022).find("activities.healthcheck.persons")
    assert found is not None
    assert found.sources == ("activities", "registry")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("of: visit", "of: visits", "no kind of fact: visits"),
        ("form: home", "from: home", "visit has no field from"),
        ("form: home", "method: phone", "visit has no field method"),
        ("count: {of: visit", "sum: {of: visit, field: vaccinated", "visit has no field vaccinated"),
        ("count: {of: visit", "distinct: {of: visit, fields: [topic]", "visit has no field topic"),
        ("{form: home}}", "{form: home}, filled: [call]}", "visit has no field call"),
        ("{form: home}}", "{form: home}, by: resolved_on}", "visit has no field resolved_on"),
        ("{form: home}}", "{form: home}, by: form}", "visit.form is no date"),
        ("{form: home}}", "{form: home}, also: {of: contact, where: {form: home}}}", "contact has no field form"),
        ("target: 10", "coverage: {due: cadre, until: deceased_on, away: met_on, by: contact}", "met_on"),
        (
            "target: 10",
            "coverage: {due: cadre, until: deceased_on, away: rank, by: contact}",
            "rank of cadre holds no times",
        ),
        ("target: 10", "target: 10\n    beside: [{say: 另有若干件, count: {of: visit}}]", "no place"),
        ("form: home", "form: 3", "visit.form is of type str"),
        ("form: home", "five_must: 'yes'", "visit.five_must is of type bool"),
        ("[产出, 数量]", "[产出, 社会效益]", "no category"),
        ("weight: 5", "weight: 101", "weight"),
        ("target: 10", "target: 0", "target"),
        ("target: 10", "goal: 10", "Unknown field"),
        ("count: {of: visit", "sum: {of: visit, field: form", "visit.form is no number"),
        ("count: {of: visit, where: {form: home}}", "distinct: {of: suggestion, fields: [person]}", "has no person"),
        ("count: {of: visit", "count: {of: visit, parent: {of: session}", "visit has no parent"),
        ("target: 10", "coverage: {due: visit, until: form, by: contact}", "coverage is of a standing kind"),
        ("target: 10", "sum: {of: visit, field: people}", "exactly one of"),
        ("year: 2022", "year: [", "expected"),
    ],
)
def test_a_mistake_in_a_catalogue_is_told_when_it_is_loaded(right: str, wrong: str, told: str) -> None:
    assert right in ENTRY
    with pytest.raises(Undeclared, match=told):
        parse(ENTRY.replace(right, wrong))


def test_a_code_that_stands_twice_is_a_mistake() -> None:
    entry = ENTRY[ENTRY.index("  - code") :]
    with pytest.raises(Undeclared, match="a code stands twice"):
        parse(ENTRY + entry)
