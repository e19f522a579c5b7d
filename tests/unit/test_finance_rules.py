"""Finance's rules: lines, balances by date, vouchers, reversals, and the answer to an aid case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hongxia.events.outbox import flush
from hongxia.rules import Conflicting, Refusal, Refused
from services.finance.adjustments import rules as adjustments
from services.finance.aid import rules as aid
from services.finance.aid.model import AidPayment
from services.finance.expenditures import rules as expenditures
from services.finance.expenditures.model import Expenditure
from services.finance.lines import rules as lines
from tests.unit.finance_builders import CASE, TODAY, adjustment, aid_event, approve, new_database, voucher, work


@pytest.fixture
def session() -> Iterator[Session]:
    """A session of an empty finance database."""
    with work(new_database()) as opened:
        yield opened


def published(session: Session) -> list[str]:
    """The types of the events published so far."""
    return [event_type.removeprefix("hongxia.finance.").removesuffix(".v1") for event_type in flush(session)]


def refused(step: object) -> Refusal:
    with pytest.raises(Refusal) as raised:
        step()  # type: ignore[operator]
    return raised.value


def test_a_line_is_approved_once_a_year(session: Session) -> None:
    approve(session)
    session.flush()
    again = refused(lambda: approve(session))
    assert isinstance(again, Conflicting)
    assert (again.code, again.violations[0].field) == ("budget-line-exists", "line_no")
    assert published(session) == ["budget.approved"]


def test_a_line_is_approved_within_its_year_and_not_in_the_future(session: Session) -> None:
    assert refused(lambda: approve(session, approved_on=date(2021, 12, 31))).code == "date-outside-year"
    early = {"year": 2023, "approved_on": date(2023, 1, 11)}
    assert refused(lambda: approve(session, **early)).code == "date-in-future"


def test_only_one_line_pays_aid(session: Session) -> None:
    approve(session, pays_aid=True)
    session.flush()
    assert refused(lambda: approve(session, line_no="YS-2", pays_aid=True)).code == "aid-line-exists"
    other = approve(session, line_no="YS-3")
    assert refused(lambda: lines.amend(session, other, {"pays_aid": True}, "other", TODAY)).code == "aid-line-exists"


def test_two_lines_that_pay_aid_can_not_both_be_committed(session: Session) -> None:
    approve(session, pays_aid=True)
    other = approve(session, line_no="YS-2")
    approve(session, year=2023, approved_on=date(2023, 1, 1), pays_aid=True)
    session.flush()
    with pytest.raises(IntegrityError), session.begin_nested():
        other.pays_aid = True  # as by another transaction that did not see the first line yet


def test_a_voucher_may_spend_the_last_fen_and_no_more(session: Session) -> None:
    line = approve(session)
    expenditures.post(session, line, voucher(fen=10_000), TODAY)
    assert line.balance_fen == 0
    found = refused(lambda: expenditures.post(session, line, voucher("PZ-2", 1), TODAY))
    assert (found.code, found.violations[0].field) == ("over-balance", "amount_fen")
    assert "0.01" in found.message


def test_a_cut_may_not_leave_less_than_was_spent(session: Session) -> None:
    line = approve(session)
    expenditures.post(session, line, voucher(), TODAY)
    with session.begin_nested() as savepoint:
        assert refused(lambda: adjustments.make(session, line, adjustment(fen=-6_001), TODAY)).code == "over-balance"
        savepoint.rollback()
    adjustments.make(session, line, adjustment("TZ-2", -6_000), TODAY)
    assert line.balance_fen == 0


def test_nothing_happens_to_a_line_before_it_is_approved(session: Session) -> None:
    line = approve(session, approved_on=date(2022, 4, 1))
    for step in (
        lambda: expenditures.post(session, line, voucher(), TODAY),
        lambda: adjustments.make(session, line, adjustment(on=date(2022, 3, 31)), TODAY),
    ):
        found = refused(step)
        assert found.code == "before-approval"
        assert "2022-04-01" in found.message
    adjustments.make(session, line, adjustment(on=date(2022, 4, 1)), TODAY)


@pytest.mark.parametrize("on", [date(2021, 12, 31), date(2023, 1, 1)])
def test_a_voucher_lies_within_the_lines_year(session: Session, on: date) -> None:
    line = approve(session)
    assert refused(lambda: expenditures.post(session, line, voucher(on=on), TODAY)).code == "date-outside-year"


def test_a_reversal_gives_the_money_back_once(session: Session) -> None:
    line = approve(session)
    original = expenditures.post(session, line, voucher(), TODAY)
    back = {**voucher("PZ-2", on=date(2022, 4, 1))}
    reversal = expenditures.reverse(session, line, original, back, TODAY)
    assert (line.balance_fen, reversal.reverses_id, reversal.corrects_year) == (10_000, original.id, 2022)
    third = {**back, "voucher_no": "PZ-3"}
    assert refused(lambda: expenditures.reverse(session, line, original, third, TODAY)).code == "already-reversed"
    assert refused(lambda: expenditures.reverse(session, line, reversal, third, TODAY)).code == "reversal-of-reversal"


def test_an_amendment_that_changes_nothing_publishes_nothing(session: Session) -> None:
    line = approve(session)
    posted = expenditures.post(session, line, voucher(), TODAY)
    adjusted = adjustments.make(session, line, adjustment(), TODAY)
    before = published(session)
    lines.amend(session, line, {"name": line.name}, "correction", TODAY)
    expenditures.amend(session, line, posted, {"amount_fen": 4_000}, "correction", TODAY)
    adjustments.amend(session, line, adjusted, {"amount_fen": 5_000}, "correction", TODAY)
    assert published(session) == before
    assert (line.version, posted.version, adjusted.version) == (1, 1, 1)


def test_a_line_of_another_class_takes_its_records_with_it(session: Session) -> None:
    line = approve(session)
    posted = expenditures.post(session, line, voucher(), TODAY)
    expenditures.reverse(session, line, posted, voucher("PZ-2", on=date(2022, 4, 1)), TODAY)
    adjustments.make(session, line, adjustment(), TODAY)
    lines.amend(session, line, {"expenditure_class": "basic"}, "correction", TODAY)
    assert published(session)[-4:] == [
        "budget.amended",
        "adjustment.amended",
        *sorted(["expenditure.amended", "expenditure.reversal-amended"], key=published(session)[-2:].index),
    ]
    assert posted.expenditure_class == "basic"


def test_a_line_in_use_is_not_voided_and_an_unused_one_frees_aid(session: Session) -> None:
    line = approve(session, pays_aid=True)
    expenditures.post(session, line, voucher(), TODAY)
    assert refused(lambda: lines.void(session, line, "other")).code == "line-in-use"
    unused = approve(session, line_no="YS-2")
    assert lines.void(session, unused, "entered-in-error").state == "voided"
    assert refused(lambda: expenditures.post(session, unused, voucher("PZ-9"), TODAY)).code == "wrong-state"


def test_a_line_is_not_approved_after_what_it_paid(session: Session) -> None:
    line = approve(session)
    expenditures.post(session, line, voucher(), TODAY)
    changes = {"approved_on": date(2022, 3, 2)}
    assert refused(lambda: lines.amend(session, line, changes, "correction", TODAY)).code == "before-approval"


def test_approved_aid_is_paid_from_the_line_for_aid_exactly_once(session: Session) -> None:
    line = approve(session, pays_aid=True)
    session.flush()
    for _ in range(2):
        aid.on_approved(session, aid_event())
        session.flush()
    assert line.balance_fen == 1_000
    assert published(session) == ["budget.approved", "expenditure.posted", "aid.paid"]


def test_the_voucher_of_paid_aid_is_reversed_through_its_case_only(session: Session) -> None:
    line = approve(session, pays_aid=True)
    session.flush()
    aid.on_approved(session, aid_event())
    session.flush()
    paid = session.get_one(AidPayment, CASE)
    original = session.get_one(Expenditure, str(paid.expenditure_id))
    back = voucher("PZ-2", 9_000)
    found = refused(lambda: expenditures.reverse(session, line, original, back, TODAY))
    assert isinstance(found, Refused)
    assert found.code == "aid-payment"
    assert refused(lambda: expenditures.amend(session, line, original, {"summary": "x"}, "other", TODAY)).code == (
        "aid-payment"
    )


def test_aid_without_money_is_refused_and_without_a_line_it_waits(session: Session) -> None:
    first, second = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
    aid.on_approved(session, aid_event(fen=1, case=first))
    session.flush()
    assert session.get_one(AidPayment, first).state == "waiting"
    approve(session, pays_aid=True)
    session.flush()
    aid.on_approved(session, aid_event(fen=10_001, case=second))
    session.flush()
    refused_payment = session.get_one(AidPayment, second)
    assert (refused_payment.state, refused_payment.refused) == ("refused", "no-money")
    assert published(session) == ["aid.waiting", "budget.approved", "aid.refused"]
