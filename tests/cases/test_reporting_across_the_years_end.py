"""What crosses 31 December: the figures of a year stay as they stood on its last day."""

from __future__ import annotations

from datetime import date

from hongxia.database import Database
from services.reporting.figures.catalogue import for_year
from services.reporting.figures.indicators import Corrected, Year
from tests.unit.reporting_builders import (
    LINE,
    TODAY,
    Api,
    Source,
    answer,
    approved,
    case_event,
    figure,
    new_database,
    suggestion,
    value,
    visit,
)

RATE = "outreach.suggestions.resolved_rate"
PERSONS = "outreach.aid.persons"
PAID = "finance.aid.paid"
EXECUTED = "finance.executed.total"
TODAY_2024 = date(2024, 2, 1)


def read(*sources: Source) -> Database:
    database = new_database()
    for source in sources:
        source.read(database)
    return database


def voucher(finance: Source, name: str, fen: int, on: str) -> str:
    data = {"line_id": LINE, "year": int(on[:4]), "expenditure_class": "basic", "amount_fen": fen, "spent_on": on}
    return finance.publish("expenditure.posted", name, data).subject


def reversal(finance: Source, name: str, fen: int, on: str, corrects: int, *, version: int = 1) -> None:
    what = "reversed" if version == 1 else "reversal-amended"
    data = {"line_id": LINE, "year": int(on[:4]), "expenditure_class": "basic", "amount_fen": fen, "spent_on": on}
    more = {"reverses": LINE, "corrects_year": corrects}
    finance.publish(f"expenditure.{what}", name, {**data, **more}, version=version)


def remark(database: Database, year: int, code: str, *sources: Source) -> str | None:
    found: str | None = Api(database, *sources).json(f"/years/{year}/indicators/{code}")["remark"]
    return found


def test_a_suggestion_of_december_that_is_resolved_in_january_stays_open_in_decembers_year() -> None:
    outreach = Source("outreach")
    suggestion(outreach, "early", "resolved", version=2, received_on="2022-03-01", resolved_on="2022-03-09")
    suggestion(outreach, "late", received_on="2022-12-20")
    before = read(outreach)
    suggestion(outreach, "late", "resolved", version=2, received_on="2022-12-20", resolved_on="2023-01-15")
    after = read(outreach)
    assert value(before, RATE) == value(after, RATE) == "50"


def test_a_suggestion_resolved_on_the_last_day_of_the_year_is_resolved_in_it() -> None:
    outreach = Source("outreach")
    suggestion(outreach, "a", "resolved", version=2, received_on="2022-12-20", resolved_on="2022-12-31")
    assert value(read(outreach), RATE) == "100"


def test_a_resolution_whose_date_is_corrected_into_the_year_counts_in_it_and_one_taken_back_does_not() -> None:
    outreach = Source("outreach")
    suggestion(outreach, "a", "resolved", version=2, received_on="2022-12-20", resolved_on="2023-01-02")
    suggestion(outreach, "a", "amended", version=3, received_on="2022-12-20", resolved_on="2022-12-30")
    assert value(read(outreach), RATE) == "100"
    suggestion(outreach, "a", "amended", version=4, received_on="2022-12-20", resolved_on=None)
    assert value(read(outreach), RATE) == "0"


def test_a_voucher_of_december_reversed_in_january_counts_in_the_year_of_the_reversal_and_beside_the_other() -> None:
    finance = Source("finance")
    voucher(finance, "p1", 5_000_000, "2022-12-20")
    voucher(finance, "p2", 9_000_000, "2023-01-04")
    reversal(finance, "r1", 5_000_000, "2023-01-08", 2022)
    database = read(finance)
    assert (value(database, EXECUTED), value(database, EXECUTED, year=2023)) == ("5.00", "4.00")
    assert figure(database, EXECUTED).corrected == (Corrected(2023, 5_000_000, 1),)
    assert figure(database, EXECUTED, year=2023).corrected == ()
    assert remark(database, 2022, EXECUTED, finance) == "其后冲销 50000.00 元（1 笔，记入 2023 年）"
    assert remark(database, 2023, EXECUTED, finance) is None


def test_aid_that_comes_back_in_a_later_year_is_shown_beside_the_year_in_which_it_was_paid() -> None:
    finance = Source("finance")
    for case in ("a", "b", "c"):
        answer(finance, case, "paid", "2022-12-20")
    answer(finance, "a", "returned", "2023-01-08", version=2, corrects_year=2022)
    answer(finance, "b", "reversed", "2024-01-08", version=2, corrects_year=2022)
    answer(finance, "c", "returned", "2022-12-28", version=2)
    database = read(finance)
    assert [value(database, PAID, year=year) for year in (2022, 2023)] == ["1.60", "-0.80"]
    assert figure(database, PAID).corrected == (Corrected(2023, 800_000, 1), Corrected(2024, 800_000, 1))
    assert figure(database, PAID, year=2023).corrected == ()


def test_reversals_in_two_later_years_are_named_year_by_year_and_in_the_rate_too() -> None:
    finance = Source("finance")
    for name in ("p1", "p2", "p3"):
        voucher(finance, name, 100, "2022-12-20")
    reversal(finance, "r1", 100, "2023-01-08", 2022)
    reversal(finance, "r2", 100, "2023-02-08", 2022)
    reversal(finance, "r3", 100, "2024-01-08", 2022)
    database = read(finance)
    expected = (Corrected(2023, 200, 2), Corrected(2024, 100, 1))
    assert figure(database, EXECUTED).corrected == expected
    assert figure(database, "finance.execution_rate").corrected == expected


def test_a_reversal_within_the_year_is_no_later_correction_even_when_its_date_is_amended() -> None:
    finance = Source("finance")
    voucher(finance, "p1", 100, "2022-11-20")
    reversal(finance, "r1", 100, "2022-11-25", 2022)
    reversal(finance, "r1", 100, "2022-12-02", 2022, version=2)
    database = read(finance)
    assert (value(database, EXECUTED), figure(database, EXECUTED).corrected) == ("0.00", ())


def test_aid_approved_in_december_and_paid_in_january_is_a_person_of_the_first_year_and_money_of_the_second() -> None:
    outreach, finance = Source("outreach"), Source("finance")
    case = approved(outreach, "a", 1, "2022-12-30", pay_on="2023-01-05")
    answer(finance, case, "waiting", "2023-01-05")
    waiting = read(outreach, finance)
    assert (value(waiting, PERSONS), value(waiting, PAID), figure(waiting, PAID).pending) == ("1", None, 0)
    assert figure(waiting, PAID, year=2023).pending == 1
    answer(finance, case, "paid", "2023-01-05", version=2)
    case_event(outreach, case, "settled", "2023-01-05", version=3, outcome="paid", reason=None)
    paid = read(outreach, finance)
    assert (value(paid, PERSONS), figure(paid, PERSONS).beside) == ("1", (1, 0))
    assert (value(paid, PAID, year=2023), figure(paid, PAID, year=2023).pending) == ("0.80", 0)


def test_aid_of_december_that_is_refused_in_january_stays_a_person_of_decembers_year() -> None:
    outreach, finance = Source("outreach"), Source("finance")
    case = approved(outreach, "a", 1, "2022-12-30", pay_on="2023-01-05")
    answer(finance, case, "refused", "2023-01-05")
    case_event(outreach, case, "settled", "2023-01-05", version=3, outcome="refused", reason="no-money")
    assert value(read(outreach, finance), PERSONS) == "1"


def test_a_payment_of_december_that_the_bank_returns_in_january_stays_in_december_and_is_taken_off_in_january() -> None:
    outreach, finance = Source("outreach"), Source("finance")
    case = approved(outreach, "a", 1, "2022-12-20")
    answer(finance, case, "paid", "2022-12-20")
    answer(finance, case, "returned", "2023-01-05", version=2)
    answer(finance, case, "paid", "2023-02-05", version=3)
    database = read(outreach, finance)
    assert (value(database, PAID), value(database, PAID, year=2023, today=TODAY_2024)) == ("0.80", "0.00")


def test_aid_that_is_approved_anew_in_the_next_year_does_not_leave_the_year_of_its_first_approval() -> None:
    outreach = Source("outreach")
    case = approved(outreach, "a", 1, "2022-11-20")
    case_event(outreach, case, "settled", "2022-11-20", version=3, outcome="paid", reason=None)
    case_event(outreach, case, "returned", "2023-01-05", version=4)
    approved(outreach, case, 1, "2023-01-20", version=5)
    database = read(outreach)
    assert (value(database, PERSONS), value(database, PERSONS, year=2023)) == ("1", "1")


def test_an_amendment_of_the_second_approval_leaves_the_first_ones_year_alone() -> None:
    outreach = Source("outreach")
    case = approved(outreach, "a", 1, "2022-11-20")
    case_event(outreach, case, "returned", "2023-01-05", version=4)
    approved(outreach, case, 1, "2023-01-20", version=5)
    data = {"cadre_id": LINE, "applied_on": "2022-10-01", "amount_fen": 5, "declined_on": None}
    dates = {"approved_on": "2023-01-21", "pay_on": "2023-01-21", "changed": ["approved_on"], "reason": "correction"}
    outreach.publish("aid.amended", case, {**data, **dates}, version=6)
    database = read(outreach)
    assert (value(database, PERSONS), value(database, PERSONS, year=2023)) == ("1", "1")


def test_aid_that_was_withdrawn_in_december_and_approved_anew_in_january_is_no_person_of_decembers_year() -> None:
    outreach = Source("outreach")
    case = approved(outreach, "a", 1, "2022-11-20")
    case_event(outreach, case, "withdrawn", "2022-12-05", version=3)
    case_event(outreach, case, "applied", "2023-01-05", version=4, applied_on="2022-10-01")
    approved(outreach, case, 1, "2023-01-20", version=5)
    database = read(outreach)
    assert (value(database, PERSONS), value(database, PERSONS, year=2023)) == ("0", "1")


def test_an_approval_whose_date_is_corrected_into_the_next_year_leaves_the_first_one() -> None:
    outreach = Source("outreach")
    visit(outreach, "v", 1)
    case = approved(outreach, "a", 1, "2022-12-31")
    data = {"cadre_id": LINE, "applied_on": "2022-12-01", "amount_fen": 5, "declined_on": None}
    dates = {"approved_on": "2023-01-02", "pay_on": "2023-01-02", "changed": ["approved_on"], "reason": "correction"}
    outreach.publish("aid.amended", case, {**data, **dates}, version=3)
    database = read(outreach)
    assert (value(database, PERSONS), value(database, PERSONS, year=2023)) == ("0", "1")
    approved(outreach, case, 1, "2024-01-05", version=5)
    assert value(read(outreach), PERSONS, year=2023) == "1"


def test_an_obligation_of_december_that_is_met_late_in_january_was_not_met_on_time() -> None:
    outreach = Source("outreach")
    data = {"cadre_id": LINE, "kind": "illness", "raised_on": "2022-12-10", "visit_id": None}
    for name, due, met, on_time in (
        ("a", "2022-12-20", "2022-12-12", True),
        ("b", "2022-12-20", None, False),
        ("c", "2023-01-05", "2022-12-30", True),
        ("d", "2022-12-28", "2022-12-29", None),
    ):
        what = "raised" if on_time is None else "met" if on_time else "missed"
        more = {"due_on": due, "met_on": met, "on_time": on_time}
        outreach.publish(f"obligation.{what}", name, {**data, **more})
    database = read(outreach)
    rate = figure(database, "outreach.obligations.on_time")
    assert (rate.numerator, rate.denominator) == (1, 2)
    assert value(database, "outreach.obligations.missed") == "1"
    assert value(database, "outreach.obligations.missed", year=2023) is None


def test_a_year_without_records_says_so_in_every_figure_and_no_figure_of_it_is_called_complete() -> None:
    outreach = Source("outreach")
    visit(outreach, "one", 1)
    api = Api(read(outreach), *(Source(name) for name in ("activities", "finance", "registry")), outreach)
    items = api.json("/years/1999/indicators")["items"]
    assert {(item["value"], item["value_reason"], item["state"]) for item in items} == {(None, "无数据", "no_data")}
    assert len(items) == 30
    months = api.json("/years/1999/indicators/outreach.suggestions.received/months")["months"]
    assert {month["value"] for month in months} == {None}


def test_a_year_of_which_one_source_has_records_says_which_figures_have_none() -> None:
    finance, outreach = Source("finance"), Source("outreach")
    visit(outreach, "one", 1)
    api = Api(read(outreach), *(Source(name) for name in ("activities", "registry")), finance, outreach)
    states = {item["code"]: item["state"] for item in api.json("/years/2022/indicators")["items"]}
    assert (states["finance.budget.total"], states["outreach.five_visits.persons"]) == ("no_data", "complete")


def test_a_year_that_is_still_being_read_is_not_called_empty() -> None:
    outreach = Source("outreach")
    database = read(outreach)
    visit(outreach, "one", 1)
    item = Api(database, outreach).json("/years/2022/indicators/outreach.five_visits.persons")
    assert (item["value"], item["state"], item["reason"]) == (None, "catching_up", "走访联络：还差 1 条记录")


def test_the_curve_ends_at_the_years_figure() -> None:
    outreach, database = Source("outreach"), new_database()
    suggestion(outreach, "a", "resolved", version=2, received_on="2022-12-20", resolved_on="2023-01-15")
    suggestion(outreach, "b", "resolved", version=2, received_on="2022-12-20", resolved_on="2022-12-28")
    outreach.read(database)
    indicator = for_year(2022).find(RATE)
    assert indicator is not None
    with database.read() as session:
        last = Year(session, 2022, TODAY, date(2022, 12, 31)).measured(indicator).value
    assert last == value(database, RATE) == "50"
