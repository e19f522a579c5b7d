"""Dates and money: the same records get one answer, in one file, in two, by the API, in any order."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongxia.rules import Refusal
from hongxia.workbook.reconcile import NotLoadable
from services.finance import balance
from services.finance.adjustments import rules as adjustments
from services.finance.aid import rules as aid
from services.finance.aid.model import AidPayment
from services.finance.expenditures import rules as expenditures
from services.finance.expenditures.model import Expenditure
from services.finance.lines import rules as lines
from tests.unit.finance_builders import (
    CASE,
    TODAY,
    adjustment,
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

LATE_RAISE = adjustment(fen=5_000, on=date(2022, 9, 15))
EARLY_VOUCHER = voucher(fen=12_000, on=date(2022, 3, 31))


def test_a_voucher_before_the_raise_that_it_needs_is_refused_in_one_file() -> None:
    with pytest.raises(NotLoadable) as raised:
        import_sheets(new_database(), sheets([EARLY_VOUCHER], [LATE_RAISE]))
    [finding] = raised.value.findings
    assert (finding.sheet, finding.row, finding.field) == ("expenditures", 2, "amount_fen")
    assert "2022-03-31" in finding.message_zh
    assert "20.00" in finding.message_zh


def test_the_same_is_refused_in_two_files() -> None:
    database = new_database()
    import_sheets(database, sheets([], [LATE_RAISE]))
    with pytest.raises(NotLoadable):
        import_sheets(database, sheets([EARLY_VOUCHER]))


def test_the_same_is_refused_by_the_api() -> None:
    database = new_database()
    with work(database) as session:
        line = approve(session)
        adjustments.make(session, line, LATE_RAISE, TODAY)
    with pytest.raises(Refusal) as raised, work(database) as session:
        line = lines.find(session, 2022, "YS-1")
        expenditures.post(session, line, EARLY_VOUCHER, TODAY)
    assert raised.value.code == "over-balance"


def test_what_is_accepted_is_accepted_whatever_stands_first_in_the_sheet() -> None:
    rows = [voucher("PZ-1", 9_000, date(2022, 3, 1)), voucher("PZ-2", 5_000, date(2022, 10, 1))]
    reversal = {**voucher("PZ-3", 9_000, date(2022, 3, 1)), "reverses_no": "PZ-1"}
    again = voucher("PZ-4", 9_500, date(2022, 3, 1))
    for order in permutations([*rows, reversal, again]):
        database = new_database()
        plan = import_sheets(database, sheets(order, [LATE_RAISE]))
        assert plan.sheets["expenditures"].created == 4


def test_aid_obeys_the_rule_of_vouchers() -> None:
    database = new_database()
    with work(database) as session:
        line = approve(session, pays_aid=True)
        adjustments.make(session, line, LATE_RAISE, TODAY)
    with work(database) as session:
        aid.on_approved(session, aid_event(fen=12_000, pay_on="2022-03-01"))
    assert types(database)[-1] == "aid.refused"


def test_aid_that_a_later_cut_would_overdraw_is_refused() -> None:
    database = new_database()
    with work(database) as session:
        line = approve(session, pays_aid=True)
        adjustments.make(session, line, adjustment(fen=-9_500), TODAY)
    with work(database) as session:
        aid.on_approved(session, aid_event(fen=600, pay_on="2022-02-01"))
    assert types(database)[-1] == "aid.refused"


def test_a_lowered_line_is_held_against_every_day() -> None:
    database = new_database()
    with work(database) as session:
        line = approve(session)
        adjustments.make(session, line, LATE_RAISE, TODAY)
        expenditures.post(session, line, voucher(fen=10_000), TODAY)
    with pytest.raises(Refusal) as raised, work(database) as session:
        line = lines.find(session, 2022, "YS-1")
        lines.amend(session, line, {"initial_fen": 9_999}, "correction", TODAY)
    assert (raised.value.code, raised.value.violations[0].field) == ("over-balance", "initial_fen")


def test_voiding_a_raise_that_was_spent_is_refused() -> None:
    database = new_database()
    with work(database) as session:
        line = approve(session)
        raised_by = adjustments.make(session, line, adjustment(), TODAY)
        expenditures.post(session, line, voucher(fen=15_000, on=date(2022, 7, 1)), TODAY)
    with pytest.raises(Refusal) as raised, work(database) as session:
        line = lines.find(session, 2022, "YS-1")
        adjustments.void(session, line, session.get(type(raised_by), raised_by.id), "entered-in-error")
    assert raised.value.code == "over-balance"


def test_a_payment_that_the_bank_returns_can_be_paid_again() -> None:
    database = new_database()
    with work(database) as session:
        approve(session, pays_aid=True)
    with work(database) as session:
        aid.on_approved(session, aid_event())
    with work(database) as session:
        payment = session.get_one(AidPayment, CASE)
        back = {"voucher_no": "TH-1", "spent_on": date(2022, 2, 10), "summary": None}
        aid.take_return(session, payment, back, TODAY)
    with work(database) as session:
        aid.pay_again(session, session.get_one(AidPayment, CASE), date(2022, 3, 1), TODAY)
    assert types(database)[1:] == [
        "expenditure.posted",
        "aid.paid",
        "expenditure.reversed",
        "aid.returned",
        "expenditure.posted",
        "aid.paid",
    ]
    with work(database) as session:
        assert lines.find(session, 2022, "YS-1").balance_fen == 1_000
        assert session.get_one(AidPayment, CASE).version == 3
    [returned] = [event for name, event in events(database) if name == "aid.returned"]
    assert (returned["data"]["returned_on"], returned["data"]["corrects_year"]) == ("2022-02-10", 2022)


def test_a_paid_case_is_reversed_by_two_different_persons_only() -> None:
    database = new_database()
    with work(database) as session:
        approve(session, pays_aid=True)
    with work(database) as session:
        aid.on_approved(session, aid_event())
    back = {"voucher_no": "CH-1", "spent_on": date(2022, 6, 1), "summary": None}
    with work(database) as session:
        aid.propose_reversal(session, session.get_one(AidPayment, CASE), back, "first", TODAY)
    with pytest.raises(Refusal) as raised, work(database) as session:
        aid.confirm_reversal(session, session.get_one(AidPayment, CASE), "first", TODAY)
    assert raised.value.code == "same-person"
    with work(database) as session:
        assert aid.confirm_reversal(session, session.get_one(AidPayment, CASE), "second", TODAY).state == "reversed"
    assert types(database)[-2:] == ["expenditure.reversed", "aid.reversed"]
    assert events(database)[-1][1]["data"]["corrects_year"] == 2022


def test_a_withdrawn_case_that_waits_is_not_paid_when_the_line_comes() -> None:
    database = new_database()
    with work(database) as session:
        aid.on_approved(session, aid_event())
    with work(database) as session:
        aid.on_withdrawn(session, aid_event("withdrawn", version=3))
    with work(database) as session:
        approve(session, pays_aid=True)
        aid.pay_waiting(session, 2022)
    assert types(database) == ["aid.waiting", "aid.withdrawn", "budget.approved"]


def test_a_case_that_is_withdrawn_after_its_payment_is_a_contradiction_until_the_money_is_back() -> None:
    database = new_database()
    with work(database) as session:
        approve(session, pays_aid=True)
    with work(database) as session:
        aid.on_approved(session, aid_event())
    with work(database) as session:
        aid.on_withdrawn(session, aid_event("withdrawn", version=3))
    assert types(database)[-1] == "contradiction.found"
    with work(database) as session:
        back = {"voucher_no": "TH-1", "spent_on": date(2022, 2, 10), "summary": None}
        aid.take_return(session, session.get_one(AidPayment, CASE), back, TODAY)
    assert types(database)[-2:] == ["aid.returned", "contradiction.resolved"]


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["adjust", "post", "reverse"]),
        st.integers(-6_000, 9_000).filter(bool),
        st.dates(date(2022, 1, 1), date(2022, 12, 31)),
    ),
    max_size=8,
)


@given(MOVES, st.randoms(use_true_random=False))
def test_a_book_that_one_order_accepts_every_file_accepts(moves: list[tuple[str, int, date]], chance: Any) -> None:
    """What the API took, move by move, a file takes in any order of rows, and gives the same balance."""
    database = new_database()
    vouchers: list[dict[str, Any]] = []
    raises: list[dict[str, Any]] = []
    with work(database) as session:
        line = approve(session)
        for number, (kind, fen, on) in enumerate(moves):
            with session.begin_nested() as savepoint:
                try:
                    if kind == "adjust":
                        values = adjustment(f"TZ-{number}", fen, on)
                        adjustments.make(session, line, values, TODAY)
                        raises.append(values)
                    elif kind == "post":
                        values = voucher(f"PZ-{number}", abs(fen), on)
                        expenditures.post(session, line, values, TODAY)
                        vouchers.append(values)
                    elif vouchers and "reverses_no" not in vouchers[-1]:
                        values = {**vouchers[-1], "voucher_no": f"PZ-{number}", "spent_on": on}
                        original = expenditures.find(session, 2022, vouchers[-1]["voucher_no"])
                        expenditures.reverse(session, line, original, values, TODAY)
                        vouchers.append({**values, "reverses_no": vouchers[-1]["voucher_no"]})
                except Refusal:
                    savepoint.rollback()
        expected = line.balance_fen
    chance.shuffle(vouchers)
    chance.shuffle(raises)
    other = new_database()
    import_sheets(other, sheets(vouchers, raises))
    with work(other) as session:
        line = lines.find(session, 2022, "YS-1")
        assert line.balance_fen == expected
        assert balance.first_overdrawn(session, line) is None
        assert session.query(Expenditure).count() == len(vouchers)
