"""From facts to figures: each measure, exact, and what stands behind it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy import select

from hongxia.database import Database
from services.reporting.facts.model import Log
from services.reporting.figures.calendar import ended_months
from services.reporting.figures.catalogue import for_year
from services.reporting.figures.indicators import Year
from services.reporting.figures.measures import Unit
from services.reporting.figures.values import exact, printed
from tests.unit.reporting_builders import (
    LINE,
    TODAY,
    Source,
    answer,
    approved,
    attendance,
    cadre,
    contact,
    figure,
    new_database,
    person,
    session_event,
    suggestion,
    value,
    visit,
)

WAN = Unit("万元", divide_by=1_000_000, least=2, most=6)
PERCENT = Unit("%", multiply_by=100, most=2)


def spent(finance: Source, name: str, fen: int, on: str = "2022-03-01", what: str = "posted") -> None:
    data = {"line_id": LINE, "year": int(on[:4]), "expenditure_class": "basic", "amount_fen": fen, "spent_on": on}
    more = {"reverses": LINE, "corrects_year": 2022} if what == "reversed" else {}
    finance.publish(f"expenditure.{what}", name, {**data, **more})


def budget(finance: Source, name: str, fen: int, expenditure_class: str = "basic", year: int = 2022) -> None:
    data = {"year": year, "line_no": name, "name": "经费", "initial_fen": fen, "pays_aid": False}
    finance.publish(
        "budget.approved", name, {**data, "expenditure_class": expenditure_class, "approved_on": f"{year}-01-01"}
    )


def adjusted(finance: Source, name: str, fen: int) -> None:
    data = {"line_id": LINE, "year": 2022, "expenditure_class": "project", "amount_fen": fen}
    finance.publish("adjustment.made", name, {**data, "adjusted_on": "2022-09-01"})


def behind(database: Database, code: str) -> list[int]:
    """The positions of the events behind a figure."""
    indicator = for_year(2022).find(code)
    assert indicator is not None
    with database.read() as session:
        facts = Year(session, 2022, TODAY).behind(indicator).subquery()
        query = select(Log.position).join(facts, (Log.source == facts.c.source) & (Log.position == facts.c.position))
        return sorted(session.scalars(query))


@pytest.mark.parametrize(
    ("fen", "text"),
    [(1_803_900_000, "1803.90"), (0, "0.00"), (123_456_789, "123.456789"), (-5_000_000, "-5.00"), (1, "0.000001")],
)
def test_an_amount_in_wan_is_exact_with_at_least_two_decimals(fen: int, text: str) -> None:
    assert exact(Fraction(fen), WAN) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [(1, 1, "100"), (55, 57, "96.49"), (1, 2, "50"), (1, 3, "33.33"), (2, 3, "66.67"), (1, 8, "12.5"), (0, 9, "0")],
)
def test_a_rate_has_at_most_two_decimals(numerator: int, denominator: int, text: str) -> None:
    assert exact(Fraction(numerator, denominator), PERCENT) == text


def test_the_office_prints_wan_with_two_decimals_rounded_half_up() -> None:
    unit = Unit("万元", divide_by=1_000_000, least=2, most=6, printed=2)
    texts = {11_199_999: "11.20", 11_194_999: "11.19", 1_803_900_000: "1803.90", -5_000: "-0.01", 4_999: "0.00"}
    assert {fen: printed(exact(Fraction(fen), unit), unit) for fen in texts} == texts
    assert exact(Fraction(11_199_999), unit) == "11.199999"
    assert printed("96.49", PERCENT) == "96.49"


def test_an_amount_that_is_no_rate_is_rounded_up_to_one() -> None:
    assert exact(Fraction(99_999), Unit("千元", divide_by=100_000, most=2)) == "1"


def test_a_rate_that_is_short_of_the_whole_is_never_rounded_up_to_it() -> None:
    assert exact(Fraction(99_999, 100_000), PERCENT) == "99.99"
    assert exact(Fraction(100_001, 100_000), PERCENT) == "100"


def test_budget_is_approved_lines_with_adjustments_and_execution_is_net_of_reversals() -> None:
    finance, database = Source("finance"), new_database()
    budget(finance, "a", 600_000_000)
    budget(finance, "b", 400_000_000, "project")
    budget(finance, "old", 999, year=2021)
    adjusted(finance, "t1", -50_000_000)
    spent(finance, "p1", 700_000_000)
    spent(finance, "p2", 30_000_000)
    spent(finance, "p3", 30_000_000, what="reversed")
    finance.read(database)
    assert value(database, "finance.budget.total") == "950.00"
    assert value(database, "finance.budget.basic") == "600.00"
    assert value(database, "finance.budget.project") == "350.00"
    assert value(database, "finance.executed.total") == "700.00"
    rate = figure(database, "finance.execution_rate")
    assert (rate.value, rate.numerator, rate.denominator) == ("73.68", 700_000_000, 950_000_000)


def test_a_rate_over_nothing_has_no_value_and_says_why() -> None:
    finance, database = Source("finance"), new_database()
    budget(finance, "a", 0)
    finance.read(database)
    rate = figure(database, "finance.execution_rate")
    assert (rate.value, rate.denominator, rate.no_data) == (None, 0, False)
    assert rate.reason == "分母为零，尚无应计对象"


def test_a_source_without_records_of_the_year_has_no_figure_of_it() -> None:
    finance, outreach, database = Source("finance"), Source("outreach"), new_database()
    budget(finance, "a", 100, year=2021)
    visit(outreach, "one", 1)
    visit(outreach, "two", 1, visited_on="2021-05-05")
    visit(outreach, "two", 1, "voided", version=2, visited_on="2021-05-05")
    for source in (finance, outreach):
        source.read(database)
    total = figure(database, "finance.budget.total")
    assert (total.value, total.reason, total.no_data) == (None, "无数据", True)
    assert value(database, "finance.budget.total", year=2021) == "0.0001"
    assert value(database, "outreach.five_visits.persons") == "0"
    assert value(database, "outreach.five_visits.persons", year=2021) is None


def test_only_sessions_that_were_held_count() -> None:
    activities, database = Source("activities"), new_database()
    session_event(activities, "one")
    session_event(activities, "two", "scheduled", state="scheduled")
    session_event(activities, "three")
    session_event(activities, "three", "cancelled", version=2)
    activities.read(database)
    assert value(database, "activities.online.lessons") == "1"


def test_attendance_counts_by_the_session_as_it_is_now() -> None:
    activities, database = Source("activities"), new_database()
    session_event(activities, "lesson", others_count=40)
    session_event(activities, "cancelled later")
    session_event(activities, "lecture", programme="college")
    for name in ("lesson", "cancelled later", "lecture"):
        attendance(activities, name, 1)
        attendance(activities, name, 2)
    session_event(activities, "cancelled later", "cancelled", version=2)
    activities.read(database)
    assert value(database, "activities.online.attendance") == "42"


def test_topics_are_counted_once_however_many_meetings_there_were() -> None:
    activities, database = Source("activities"), new_database()
    for name, topic in (("a", "基层党建"), ("b", "基层党建"), ("c", "社区养老")):
        session_event(activities, name, programme="research", topic=topic)
    activities.read(database)
    assert value(database, "activities.research.topics") == "2"


def test_works_are_told_apart_by_whether_they_answer_a_call() -> None:
    activities, database = Source("activities"), new_database()
    for name, genre, call in (
        ("a", "poem", "征文"),
        ("b", "poem", None),
        ("c", "painting", None),
        ("d", "essay", "征文"),
    ):
        data = {"genre": genre, "call": call, "collected_on": "2022-05-05", "cadre_id": None}
        activities.publish("work.collected", name, data)
    activities.read(database)
    assert value(database, "activities.works.poems_call") == "1"
    assert value(database, "activities.works.essays_call") == "1"
    assert value(database, "activities.works.art") == "2"


def test_drive_days_are_pairs_of_drive_and_date() -> None:
    activities, database = Source("activities"), new_database()
    drives = {name: activities.publish("drive.held", name, {"title": name}).subject for name in ("d1", "d2")}
    rows = [
        ("d1", "2022-04-01", "甲"),
        ("d1", "2022-04-01", "乙"),
        ("d2", "2022-04-01", "甲"),
        ("d2", "2022-04-02", "丙"),
    ]
    for number, (drive, on, unit) in enumerate(rows):
        data = {"drive_id": drives[drive], "on": on, "unit": unit, "attended": 10, "vaccinated": 4}
        activities.publish("roster.recorded", f"r{number}", data)
    activities.read(database)
    codes = ("drives", "days", "units", "attended", "vaccinated")
    assert [value(database, f"activities.vaccination.{code}") for code in codes] == ["2", "3", "3", "40", "16"]


def test_a_person_visited_twice_counts_once() -> None:
    outreach, database = Source("outreach"), new_database()
    visit(outreach, "one", 1)
    visit(outreach, "two", 1, occasion="party_50_years")
    visit(outreach, "three", 2)
    visit(outreach, "four", 3, category="routine")
    outreach.read(database)
    assert value(database, "outreach.milestone_visits.persons") == "2"


def test_cadres_that_were_merged_are_one_person() -> None:
    outreach, registry, database = Source("outreach"), Source("registry"), new_database()
    for number in (1, 2, 3):
        cadre(registry, number)
        visit(outreach, f"v{number}", number)
    cadre(registry, 1, "merged", version=2, into=person(2))
    cadre(registry, 2, "merged", version=2, into=person(3))
    outreach.read(database)
    registry.read(database)
    assert value(database, "outreach.milestone_visits.persons") == "1"


def test_coverage_is_months_contacted_of_months_due() -> None:
    outreach, registry, database = Source("outreach"), Source("registry"), new_database()
    cadre(registry, 1)
    cadre(registry, 2, registered_on="2022-11-30")
    cadre(registry, 3, deceased_on="2022-02-28")
    cadre(registry, 4, registered_on="2023-01-01")
    for month in range(1, 13):
        contact(outreach, 1, f"2022-{month:02}-10")
    contact(outreach, 1, "2022-05-20")
    contact(outreach, 2, "2022-12-01")
    contact(outreach, 2, "2022-10-01")
    contact(outreach, 3, "2022-02-03")
    contact(outreach, 9, "2022-02-03")
    outreach.read(database)
    registry.read(database)
    rate = figure(database, "outreach.contact.coverage")
    assert (rate.numerator, rate.denominator) == (13, 12 + 2 + 1)
    assert rate.value == "86.67"


def test_coverage_leaves_out_merged_cadres_and_counts_their_contacts_for_who_is_left() -> None:
    outreach, registry, database = Source("outreach"), Source("registry"), new_database()
    cadre(registry, 1)
    cadre(registry, 2)
    cadre(registry, 1, "merged", version=2, into=person(2))
    contact(outreach, 1, "2022-01-05")
    contact(outreach, 2, "2022-01-06")
    contact(outreach, 2, "2022-02-06")
    outreach.read(database)
    registry.read(database)
    rate = figure(database, "outreach.contact.coverage")
    assert (rate.numerator, rate.denominator) == (2, 12)


def test_a_month_is_due_once_its_last_day_has_come() -> None:
    assert list(ended_months(2022, date(2022, 3, 30))) == ["2022-01", "2022-02"]
    assert list(ended_months(2022, date(2022, 3, 31))) == ["2022-01", "2022-02", "2022-03"]
    assert not ended_months(2022, date(2021, 12, 31))


def test_coverage_of_a_year_that_has_not_begun_has_no_value() -> None:
    registry, database = Source("registry"), new_database()
    cadre(registry, 1)
    registry.read(database)
    assert value(database, "outreach.contact.coverage", year=2024) is None


def test_suggestions_resolved_are_a_rate_of_those_received() -> None:
    outreach, database = Source("outreach"), new_database()
    for name in ("a", "b", "c"):
        suggestion(outreach, name)
    suggestion(outreach, "a", "assigned", version=2, assigned_on="2022-04-07")
    suggestion(outreach, "a", "resolved", version=3, assigned_on="2022-04-07", resolved_on="2022-04-12")
    suggestion(outreach, "b", "voided", version=2)
    outreach.read(database)
    assert value(database, "outreach.suggestions.received") == "2"
    assert value(database, "outreach.suggestions.resolved_rate") == "50"


def test_aid_that_finance_has_not_answered_is_pending() -> None:
    outreach, finance, database = Source("outreach"), Source("finance"), new_database()
    cases = [approved(outreach, name, 1) for name in ("a", "b", "c", "d")]
    answer(finance, cases[0], "paid", "2022-01-25")
    answer(finance, cases[1], "refused", "2022-01-25")
    answer(finance, cases[3], "waiting", "2022-01-25")
    outreach.read(database)
    finance.read(database)
    paid = figure(database, "finance.aid.paid")
    assert (paid.value, paid.pending, paid.beside) == ("0.80", 2, (1, 1))
    assert value(database, "outreach.aid.persons") == "1"


def test_a_figure_opens_to_exactly_the_events_that_make_it() -> None:
    outreach, registry, database = Source("outreach"), Source("registry"), new_database()
    cadre(registry, 1, registered_on="2022-12-01")
    contact(outreach, 1, "2022-12-10")
    contact(outreach, 1, "2022-11-10")
    visit(outreach, "a", 1)
    visit(outreach, "a", 1, "amended", version=2)
    visit(outreach, "b", 1, category="routine")
    visit(outreach, "c", 2)
    visit(outreach, "c", 2, "voided", version=2)
    outreach.read(database)
    registry.read(database)
    assert behind(database, "outreach.milestone_visits.persons") == [4]
    assert behind(database, "outreach.contact.coverage") == [1, 1]


def test_growth_by_month_ends_at_the_years_figure() -> None:
    finance, database = Source("finance"), new_database()
    budget(finance, "a", 1_000)
    spent(finance, "p1", 100, "2022-01-31")
    spent(finance, "p2", 400, "2022-02-01")
    finance.read(database)
    rate = for_year(2022).find("finance.execution_rate")
    assert rate is not None
    with database.read() as session:
        ends = (date(2022, 1, 31), date(2022, 2, 28), date(2022, 12, 31))
        assert [Year(session, 2022, TODAY, end).figure(rate).value for end in ends] == ["10", "50", "50"]
