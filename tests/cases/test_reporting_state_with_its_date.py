"""A figure as of a day counts only what had happened by that day, in the curve by month as in the year's table."""

from __future__ import annotations

from datetime import date

import pytest

from hongxia.database import Database
from services.reporting.figures.catalogue import for_year
from services.reporting.figures.indicators import Year
from tests.unit.away_builders import away
from tests.unit.reporting_builders import (
    TODAY,
    Source,
    answer,
    approved,
    cadre,
    case_event,
    contact,
    figure,
    new_database,
    suggestion,
    value,
    visit,
)

PERSONS = "outreach.aid.persons"
PAID = "finance.aid.paid"


def read(*sources: Source) -> Database:
    database = new_database()
    for source in sources:
        source.read(database)
    return database


def on_day(database: Database, code: str, day: str) -> str | None:
    """A figure of 2022 as it stood at the end of a day."""
    indicator = for_year(2022).find(code)
    assert indicator is not None
    with database.read() as session:
        return Year(session, 2022, TODAY, date.fromisoformat(day)).measured(indicator).value


def test_what_was_received_in_march_and_resolved_in_june_counts_as_resolved_from_june() -> None:
    outreach = Source("outreach")
    suggestion(outreach, "a", "resolved", version=3, received_on="2022-03-10", resolved_on="2022-06-01")
    database = read(outreach)
    days = ("2022-02-28", "2022-03-31", "2022-05-31", "2022-06-01", "2022-12-31")
    rates = [on_day(database, "outreach.suggestions.resolved_rate", day) for day in days]
    assert rates == [None, "0", "0", "100", "100"]


def test_a_resolved_suggestion_that_is_amended_keeps_the_date_of_its_resolution() -> None:
    outreach = Source("outreach")
    dates = {"received_on": "2022-03-10", "resolved_on": "2022-06-01"}
    suggestion(outreach, "a", "resolved", version=3, **dates)
    suggestion(outreach, "a", "amended", version=4, category="legal", **dates)
    database = read(outreach)
    rates = [on_day(database, "outreach.suggestions.resolved_rate", day) for day in ("2022-05-31", "2022-06-30")]
    assert rates == ["0", "100"]


def test_a_payment_counts_from_its_day_on_and_a_return_takes_it_off_from_its_own() -> None:
    outreach, finance = Source("outreach"), Source("finance")
    case = approved(outreach, "a", 1, "2022-02-01")
    answer(finance, case, "paid", "2022-02-10")
    answer(finance, case, "returned", "2022-03-01", version=2)
    answer(finance, case, "paid", "2022-04-01", version=3)
    answer(finance, case, "reversal-proposed", "2022-05-01", version=4)
    answer(finance, case, "reversed", "2022-05-02", version=5)
    database = read(outreach, finance)
    days = ("2022-01-31", "2022-02-10", "2022-03-01", "2022-04-01", "2022-05-01", "2022-05-02")
    assert [on_day(database, PAID, day) for day in days] == ["0.00", "0.80", "0.00", "0.80", "0.80", "0.00"]
    assert value(database, PAID) == "0.00"


@pytest.mark.parametrize(
    ("what", "data", "expected"),
    [
        ("settled", {"outcome": "paid", "reason": None}, "1"),
        ("settled", {"outcome": "refused", "reason": "no-money"}, "0"),
        ("withdrawn", {"reason": "deceased"}, "0"),
        ("returned", {}, "1"),
        ("reversed", {}, "0"),
        ("declined", {"declined_on": "2022-05-01"}, "0"),
    ],
)
def test_persons_aided_are_those_whose_aid_was_paid_or_is_still_to_be_paid(
    what: str, data: dict[str, str | None], expected: str
) -> None:
    outreach = Source("outreach")
    case = approved(outreach, "a", 1, "2022-04-01")
    case_event(outreach, case, what, "2022-05-01", version=3, **data)
    database = read(outreach)
    assert on_day(database, PERSONS, "2022-03-31") == "0"
    assert on_day(database, PERSONS, "2022-04-30") == "1"
    assert value(database, PERSONS) == expected


def test_aid_that_was_refused_stands_beside_those_aided() -> None:
    outreach = Source("outreach")
    for number, outcome in ((1, "paid"), (2, "refused"), (3, "")):
        case = approved(outreach, f"case {number}", number, "2022-04-01")
        if outcome:
            case_event(outreach, case, "settled", "2022-05-01", version=3, outcome=outcome, reason=None)
    found = figure(read(outreach), PERSONS)
    assert (found.value, found.beside) == ("2", (1, 1))


def test_refused_aid_that_is_paid_later_is_refused_until_then() -> None:
    outreach, finance = Source("outreach"), Source("finance")
    case = approved(outreach, "a", 1, "2022-04-01")
    answer(finance, case, "refused", "2022-04-01")
    assert figure(read(outreach, finance), PAID).beside == (1, 0)
    answer(finance, case, "paid", "2022-06-01", version=2)
    database = read(outreach, finance)
    assert (figure(database, PAID).beside, value(database, PAID)) == ((0, 0), "0.80")


def test_a_cadre_who_was_transferred_out_is_not_due_from_that_month_on_until_the_return() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1)
    cadre(registry, 1, "transferred", version=2, away=away("2022-03-31"))
    visit(outreach, "v", 1)
    assert figure(read(registry, outreach), "outreach.contact.coverage").denominator == 2
    cadre(registry, 1, "transferred", version=3, away=away("2022-03-31", "2022-06-30"))
    assert figure(read(registry, outreach), "outreach.contact.coverage").denominator == 2 + 7


def test_who_leaves_and_returns_within_a_month_is_due_in_it() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1, "transferred", away=away("2022-03-05", "2022-03-20"))
    cadre(registry, 2, "transferred", away=away("2022-03-30", "2022-04-01"))
    visit(outreach, "v", 1)
    assert figure(read(registry, outreach), "outreach.contact.coverage").denominator == 12 + 11


def test_who_is_away_several_times_is_not_due_in_any_of_them() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    times = [*away("2021-12-15", "2022-01-15"), *away("2022-03-31", "2022-06-30"), *away("2022-11-30")]
    cadre(registry, 1, "transferred", away=times)
    cadre(registry, 2, "transferred", away=[*away("2022-02-01", "2022-02-28"), *away("2022-02-28", "2022-03-01")])
    for number in (1, 2):
        for month in range(1, 13):
            contact(outreach, number, f"2022-{month:02}-10")
    rate = figure(read(registry, outreach), "outreach.contact.coverage")
    assert (rate.numerator, rate.denominator) == (7 + 11, 7 + 11)


def test_a_contact_while_a_cadre_is_away_counts_in_neither() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1, "transferred", away=away("2022-03-31"))
    contact(outreach, 1, "2022-02-10")
    contact(outreach, 1, "2022-04-10")
    rate = figure(read(registry, outreach), "outreach.contact.coverage")
    assert (rate.numerator, rate.denominator) == (1, 2)


def test_a_death_that_is_withdrawn_makes_the_months_due_again() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1)
    cadre(registry, 1, "deceased", version=2, deceased_on="2022-02-10")
    visit(outreach, "v", 1)
    assert figure(read(registry, outreach), "outreach.contact.coverage").denominator == 1
    cadre(registry, 1, "death-withdrawn", version=3)
    assert figure(read(registry, outreach), "outreach.contact.coverage").denominator == 12


def test_a_contact_whose_date_is_amended_counts_in_the_other_month_alone() -> None:
    registry, outreach = Source("registry"), Source("outreach")
    cadre(registry, 1, registered_on="2022-07-01")
    contact(outreach, 1, "2022-07-10")
    data = {"cadre_id": registry.events[0].subject, "contacted_on": "2022-08-10", "month": "2022-08", "method": "phone"}
    outreach.publish("contact.amended", outreach.events[0].subject, data, version=2)
    database = read(registry, outreach)
    assert figure(database, "outreach.contact.coverage").numerator == 1
    assert on_day(database, "outreach.contact.coverage", "2022-07-31") == "0"


def test_a_budget_line_or_an_adjustment_that_is_voided_does_not_count() -> None:
    finance = Source("finance")
    line = {"year": 2022, "line_no": "a", "name": "经费", "expenditure_class": "basic", "initial_fen": 5_000_000}
    finance.publish("budget.approved", "a", {**line, "pays_aid": False, "approved_on": "2022-01-01"})
    finance.publish("budget.approved", "b", {**line, "pays_aid": False, "approved_on": "2022-01-01"})
    finance.publish("budget.voided", "b", {**line, "pays_aid": False, "approved_on": "2022-01-01"}, version=2)
    change = {"line_id": finance.events[0].subject, "year": 2022, "expenditure_class": "basic"}
    for version, (what, fen) in enumerate((("made", 100_000), ("amended", 200_000), ("voided", 200_000)), 1):
        data = {**change, "amount_fen": fen, "adjusted_on": "2022-09-01"}
        finance.publish(f"adjustment.{what}", "t", data, version=version)
        assert value(read(finance), "finance.budget.total") == {1: "5.10", 2: "5.20", 3: "5.00"}[version]
