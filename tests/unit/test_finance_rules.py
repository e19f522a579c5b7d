"""Finance's rules: lines, balances, vouchers, reversals, and the answer to an aid case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.definition import NotLoadable
from hongxia.events.context import Context
from hongxia.events.envelope import Event
from hongxia.events.outbox import flush
from hongxia.events.tables import platform_metadata, start_log
from hongxia.http.problems import Conflict, Rule
from hongxia.workbook.declare import Row
from services.finance import aid, budget, expenditure, loading
from services.finance.models import AidPayment, Base, BudgetLine

LINE = budget.NewLine(2022, "YS-1", "活动经费", "project", 10_000, False, date(2022, 1, 1))
VOUCHER = expenditure.Voucher("PZ-1", 4_000, date(2022, 3, 1))
TODAY = date(2023, 1, 10)


@pytest.fixture
def session() -> Iterator[Session]:
    """A session of an empty finance database."""
    database = Database("sqlite://")
    with database.engine.begin() as connection:
        platform_metadata.create_all(connection)
        Base.metadata.create_all(connection)
        start_log(connection)
    context = Context("urn:hongxia:finance", datetime(2023, 1, 10, tzinfo=UTC), "test")
    with database.begin(context) as opened:
        yield opened


def raised(session: Session) -> list[str]:
    """The types of the events raised so far."""
    return [event_type.removeprefix("hongxia.finance.") for event_type in flush(session)]


def test_a_line_is_approved_once_a_year(session: Session) -> None:
    budget.approve(session, LINE)
    with pytest.raises(Conflict):
        budget.approve(session, LINE)
    assert raised(session) == ["budget.approved.v1"]


def test_a_line_is_approved_within_its_year(session: Session) -> None:
    with pytest.raises(Rule) as error:
        budget.approve(session, replace(LINE, approved_on=date(2021, 12, 31)))
    assert error.value.slug == "date-outside-year"


def test_only_one_line_pays_aid(session: Session) -> None:
    budget.approve(session, replace(LINE, pays_aid=True))
    session.flush()
    with pytest.raises(Conflict):
        budget.approve(session, replace(LINE, line_no="YS-2", pays_aid=True))


def test_two_lines_that_pay_aid_can_not_both_be_committed(session: Session) -> None:
    budget.approve(session, replace(LINE, pays_aid=True))
    other = budget.approve(session, replace(LINE, line_no="YS-2"))
    budget.approve(session, replace(LINE, year=2023, approved_on=date(2023, 1, 1), pays_aid=True))
    session.flush()
    with pytest.raises(IntegrityError), session.begin_nested():
        other.pays_aid = True  # as by another transaction that did not see the first line yet


def test_a_voucher_may_spend_the_last_fen_and_no_more(session: Session) -> None:
    line = budget.approve(session, LINE)
    expenditure.post(session, line, replace(VOUCHER, amount_fen=10_000))
    assert line.balance_fen == 0
    with pytest.raises(Rule) as error:
        expenditure.post(session, line, replace(VOUCHER, voucher_no="PZ-2", amount_fen=1))
    assert error.value.slug == "over-balance"
    assert error.value.errors[0].pointer == "#/amount"


def test_a_cut_may_not_leave_less_than_was_spent(session: Session) -> None:
    line = budget.approve(session, LINE)
    expenditure.post(session, line, VOUCHER)
    with pytest.raises(Rule):
        budget.adjust(session, line, "TZ-1", -6_001, date(2022, 6, 1))
    budget.adjust(session, line, "TZ-1", -6_000, date(2022, 6, 1))
    assert line.balance_fen == 0


def test_nothing_happens_to_a_line_before_it_is_approved(session: Session) -> None:
    line = budget.approve(session, replace(LINE, approved_on=date(2022, 4, 1)))
    for refused in (
        lambda: expenditure.post(session, line, VOUCHER),
        lambda: budget.adjust(session, line, "TZ-1", 1, date(2022, 3, 31)),
    ):
        with pytest.raises(Rule) as error:
            refused()
        assert error.value.slug == "before-approval"
    budget.adjust(session, line, "TZ-1", 1, date(2022, 4, 1))


@pytest.mark.parametrize(
    ("spent_on", "slug"),
    [(date(2021, 12, 31), "date-outside-year"), (date(2023, 1, 1), "date-outside-year")],
)
def test_a_voucher_lies_within_the_lines_year(session: Session, spent_on: date, slug: str) -> None:
    line = budget.approve(session, LINE)
    with pytest.raises(Rule) as error:
        expenditure.post(session, line, replace(VOUCHER, spent_on=spent_on))
    assert error.value.slug == slug


def test_a_reversal_gives_the_money_back_once(session: Session) -> None:
    line = budget.approve(session, LINE)
    original = expenditure.post(session, line, VOUCHER)
    back = replace(VOUCHER, voucher_no="PZ-2", spent_on=date(2022, 4, 1))
    reversal = expenditure.reverse(session, line, original, back)
    assert line.balance_fen == 10_000
    session.flush()
    with pytest.raises(Conflict):
        expenditure.reverse(session, line, original, replace(back, voucher_no="PZ-3"))
    with pytest.raises(Rule):
        expenditure.reverse(session, line, reversal, replace(back, voucher_no="PZ-4"))


def approved(amount_fen: int, case_id: str = "7b0e3a52-5d0f-5c5e-9d43-1f0a7f6e2c11") -> Event:
    """An aid.approved event as outreach publishes it."""
    data = {"cadre_id": case_id, "amount_fen": amount_fen, "pay_on": "2022-02-01"}
    raw = {"data": data, "entityversion": 2, "occurredon": "2022-01-20"}
    return Event("id", "urn:hongxia:outreach", aid.APPROVED, case_id, 1, 1, "0" * 64, raw, b"")


def test_approved_aid_is_paid_from_the_line_for_aid_exactly_once(session: Session) -> None:
    line = budget.approve(session, replace(LINE, pays_aid=True))
    session.flush()
    aid.on_approved(session, approved(9_000))
    session.flush()
    aid.on_approved(session, approved(9_000))
    assert line.balance_fen == 1_000
    assert raised(session) == ["budget.approved.v1", "expenditure.posted.v1", "aid.paid.v1"]


def test_the_voucher_of_paid_aid_is_not_reversed(session: Session) -> None:
    line = budget.approve(session, replace(LINE, pays_aid=True))
    session.flush()
    aid.on_approved(session, approved(9_000))
    voucher = expenditure.get(session, str(session.scalars(select(AidPayment)).one().expenditure_id))
    back = replace(VOUCHER, voucher_no="PZ-2", amount_fen=9_000)
    with pytest.raises(Rule) as error:
        expenditure.reverse(session, line, voucher, back)
    assert (error.value.slug, line.balance_fen) == ("aid-payment", 1_000)


def test_aid_without_money_or_without_a_line_is_refused_with_the_reason(session: Session) -> None:
    aid.on_approved(session, approved(1, "00000000-0000-4000-8000-000000000001"))
    budget.approve(session, replace(LINE, pays_aid=True))
    session.flush()
    aid.on_approved(session, approved(10_001, "00000000-0000-4000-8000-000000000002"))
    session.flush()
    refusals = session.scalars(select(AidPayment.refused).order_by(AidPayment.case_id)).all()
    assert refusals == ["no-line", "no-money"]


def rows(vouchers: list[dict[str, object]]) -> dict[str, list[Row]]:
    """A workbook with one line and these vouchers."""
    line = {name: getattr(LINE, name) for name in budget.NewLine.__slots__ if name != "year"}
    blank = {"line_no": "YS-1", "summary": None, "reverses_no": None}
    filled = [Row(2 + index, {**blank, **voucher}) for index, voucher in enumerate(vouchers)]
    return {"budget_lines": [Row(2, line)], "adjustments": [], "expenditures": filled}


def voucher_row(number: str, amount_fen: int, month: int) -> dict[str, object]:
    """A row of the sheet 支出."""
    return {"voucher_no": number, "amount_fen": amount_fen, "posted_on": date(2022, month, 1)}


def test_a_workbook_loaded_twice_changes_nothing(session: Session) -> None:
    book = rows([voucher_row("PZ-1", 4_000, 3), voucher_row("PZ-2", 6_000, 4)])
    first = loading.load(session, 2022, book, TODAY)
    session.flush()
    events = flush(session)
    second = loading.load(session, 2022, book, TODAY)
    assert (first["expenditures"].created, second["expenditures"].unchanged) == (2, 2)
    assert flush(session) == events
    assert session.scalars(select(BudgetLine)).one().balance_fen == 0


def test_a_voucher_over_the_balance_is_told_by_row_and_field(session: Session) -> None:
    book = rows([voucher_row("PZ-1", 4_000, 3), voucher_row("PZ-2", 6_001, 4)])
    with pytest.raises(NotLoadable) as error:
        loading.load(session, 2022, book, TODAY)
    finding = error.value.findings[0]
    assert (finding.sheet, finding.row, finding.field) == ("expenditures", 3, "amount_fen")


def test_within_a_day_reversals_free_their_money_before_it_is_spent(session: Session) -> None:
    def reversing(original: str, number: str, amount_fen: int) -> dict[str, object]:
        return {**voucher_row(number, amount_fen, 4), "reverses_no": original}

    book = rows(
        [
            voucher_row("PZ-3", 9_000, 4),
            reversing("PZ-4", "PZ-5", 500),
            reversing("PZ-1", "PZ-2", 6_000),
            voucher_row("PZ-4", 500, 4),
            voucher_row("PZ-1", 6_000, 3),
        ]
    )
    assert loading.load(session, 2022, book, TODAY)["expenditures"].created == 5
    session.flush()
    assert session.scalars(select(BudgetLine)).one().balance_fen == 1_000


def test_a_second_reversal_is_told_at_the_number_that_it_names(session: Session) -> None:
    reversal = {**voucher_row("PZ-2", 4_000, 4), "reverses_no": "PZ-1"}
    loading.load(session, 2022, rows([voucher_row("PZ-1", 4_000, 3), reversal]), TODAY)
    session.flush()
    again = {**reversal, "voucher_no": "PZ-3"}
    with pytest.raises(NotLoadable) as error:
        loading.load(session, 2022, rows([voucher_row("PZ-1", 4_000, 3), again]), TODAY)
    assert [(finding.row, finding.field) for finding in error.value.findings] == [(3, "reverses_no")]


def test_a_row_that_is_there_with_other_content_is_an_error(session: Session) -> None:
    loading.load(session, 2022, rows([voucher_row("PZ-1", 4_000, 3)]), TODAY)
    session.flush()
    with pytest.raises(NotLoadable):
        loading.load(session, 2022, rows([voucher_row("PZ-1", 4_001, 3)]), TODAY)
