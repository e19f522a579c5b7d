"""Across 31 December: aid that waits for the next year's line, vouchers that are taken back in January."""

from __future__ import annotations

from datetime import date

import pytest

from hongxia.rules import Refusal
from hongxia.workbook.reconcile import NotLoadable
from services.finance.aid import rules as aid
from services.finance.aid.model import AidPayment
from services.finance.expenditures import rules as expenditures
from services.finance.lines import rules as lines
from tests.unit.finance_builders import (
    CASE,
    TODAY,
    Api,
    aid_event,
    approve,
    events,
    import_sheets,
    new_database,
    sheets,
    types,
    voucher,
    work,
)

NEXT = {"year": 2023, "approved_on": date(2023, 1, 1), "pays_aid": True}
DECEMBER = voucher("PZ-9", 4_000, date(2022, 12, 20))
JANUARY = voucher("PZ-1", 4_000, date(2023, 1, 5))


def test_aid_approved_in_december_waits_for_the_line_of_the_next_year() -> None:
    database = new_database()
    with work(database) as session:
        approve(session, pays_aid=True)
    with work(database) as session:
        aid.on_approved(session, aid_event(pay_on="2023-01-05"))
    api = Api(database)
    assert api("GET", f"/aid-payments/{CASE}").json["state"] == "waiting"
    line = {"year": 2023, "line_no": "YS-1", "name": "帮扶", "expenditure_class": "project", "initial": "100.00"}
    api.made("/budget-lines", **line, approved_on="2023-01-01", pays_aid=True)
    assert api("GET", f"/aid-payments/{CASE}").json["state"] == "paid"
    assert types(database)[-3:] == ["budget.approved", "expenditure.posted", "aid.paid"]


def test_a_line_that_comes_to_pay_aid_by_an_amendment_pays_what_waits() -> None:
    database = new_database()
    with work(database) as session:
        aid.on_approved(session, aid_event())
        line = approve(session)
        line_id = line.id
    api = Api(database)
    assert api("PATCH", f"/budget-lines/{line_id}", {"pays_aid": True}, If_Match='"1"').status_code == 200
    assert types(database)[-1] == "aid.paid"


def test_a_workbook_that_brings_the_line_pays_what_waits() -> None:
    database = new_database()
    with work(database) as session:
        aid.on_approved(session, aid_event())
    import_sheets(database, sheets(lines=[{"pays_aid": True}]))
    assert types(database) == ["aid.waiting", "budget.approved", "expenditure.posted", "aid.paid"]


def test_what_waits_is_paid_in_the_order_of_its_days_while_there_is_money() -> None:
    database = new_database()
    late, early = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
    with work(database) as session:
        aid.on_approved(session, aid_event(fen=6_000, case=late, pay_on="2022-05-01"))
        aid.on_approved(session, aid_event(fen=6_000, case=early, pay_on="2022-04-01"))
    with work(database) as session:
        approve(session, pays_aid=True)
        aid.pay_waiting(session, 2022)
        session.flush()
        assert session.get_one(AidPayment, early).state == "paid"
        assert session.get_one(AidPayment, late).state == "refused"


def test_a_december_voucher_is_taken_back_in_january_with_its_true_date() -> None:
    database = new_database()
    with work(database) as session:
        line = approve(session)
        original = expenditures.post(session, line, DECEMBER, TODAY)
        reversal = expenditures.reverse(session, line, original, JANUARY, TODAY)
        assert (reversal.year, reversal.corrects_year, line.balance_fen) == (2023, 2022, 10_000)
    name, event = events(database)[-1]
    assert name == "expenditure.reversed"
    assert (event["data"]["year"], event["data"]["corrects_year"], event["occurredon"]) == (2023, 2022, "2023-01-05")


def test_the_next_years_workbook_takes_the_reversal_of_a_december_voucher() -> None:
    database = new_database()
    import_sheets(database, sheets([DECEMBER]))
    book = sheets([{**JANUARY, "reverses_no": "PZ-9"}], lines=[{"approved_on": date(2023, 1, 1)}])
    assert import_sheets(database, book, 2023).sheets["expenditures"].created == 1
    assert import_sheets(database, book, 2023).sheets["expenditures"].unchanged == 1
    with work(database) as session:
        assert lines.find(session, 2022, "YS-1").balance_fen == 10_000
        assert lines.find(session, 2023, "YS-1").balance_fen == 10_000


def test_a_reversal_of_the_year_before_the_last_has_no_way_through_the_workbook() -> None:
    database = new_database()
    import_sheets(database, sheets([DECEMBER]))
    book = sheets([{**JANUARY, "reverses_no": "PZ-8"}], lines=[{"approved_on": date(2023, 1, 1)}])
    with pytest.raises(NotLoadable) as raised:
        import_sheets(database, book, 2023)
    assert [(found.row, found.field) for found in raised.value.findings] == [(2, "reverses_no")]


def test_a_reversal_before_its_voucher_or_in_the_future_is_refused() -> None:
    database = new_database()
    for on, code in ((date(2022, 12, 19), "reversal-too-early"), (date(2023, 1, 11), "date-in-future")):
        with pytest.raises(Refusal) as raised, work(database) as session:
            line = approve(session)
            original = expenditures.post(session, line, DECEMBER, TODAY)
            expenditures.reverse(session, line, original, {**JANUARY, "spent_on": on}, TODAY)
        assert raised.value.code == code


def test_an_approval_that_asks_for_a_day_before_the_return_is_paid_on_the_return_s_day() -> None:
    database = new_database()
    with work(database) as session:
        approve(session, pays_aid=True)
        approve(session, line_no="YS-2", **NEXT)
    with work(database) as session:
        aid.on_approved(session, aid_event(pay_on="2022-12-01"))
    with work(database) as session:
        payment = session.get_one(AidPayment, CASE)
        aid.take_return(session, payment, {"voucher_no": "PZ-R", "spent_on": date(2023, 1, 4)}, TODAY)
    with work(database) as session:
        aid.on_approved(session, aid_event(version=3, pay_on="2022-12-02"))
    answer = Api(database)("GET", f"/aid-payments/{CASE}").json
    assert (answer["state"], answer["pay_on"], answer["answered_on"]) == ("paid", "2023-01-04", "2023-01-04")
