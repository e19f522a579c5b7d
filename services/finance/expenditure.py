"""Vouchers: posted to a line within its balance, and taken back whole by a reversal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.events.outbox import append
from hongxia.http.problems import Conflict, NotFound, Rule
from services.finance.events import EXPENDITURE_POSTED, EXPENDITURE_REVERSED
from services.finance.models import AidPayment, BudgetLine, Expenditure


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher to post; the amount in fen, always positive."""

    voucher_no: str
    amount_fen: int
    spent_on: date
    summary: str | None = None


def post(session: Session, line: BudgetLine, voucher: Voucher) -> Expenditure:
    """Spend from a line (locked by the caller). Raises Rule over its balance, outside its year or before its
    approval, Conflict if the year has the voucher's number.
    """
    _check_date(line, voucher.spent_on)
    if voucher.amount_fen > line.balance_fen:
        raise Rule("金额超过项目余额", slug="over-balance", pointer="#/amount")
    expenditure = _recorded(session, line, voucher, None)
    line.spent_fen += voucher.amount_fen
    append(
        session,
        EXPENDITURE_POSTED,
        subject=expenditure.id,
        entityversion=1,
        occurredon=voucher.spent_on,
        data=_state(line, expenditure),
    )
    return expenditure


def reverse(session: Session, line: BudgetLine, original: Expenditure, voucher: Voucher) -> Expenditure:
    """Take a voucher back, whole and once (its line locked by the caller). Raises Rule, Conflict.

    A problem of the original itself has no pointer: no field of the request names it. The voucher of aid stays as it
    is, because the case was told that it is paid.
    """
    _check_date(line, voucher.spent_on)
    if original.reverses_id:
        raise Rule("冲销凭证不能再冲销", slug="reversal-of-reversal")
    if session.scalar(select(AidPayment.case_id).where(AidPayment.expenditure_id == original.id)):
        raise Rule("帮扶款由系统拨付，其凭证不能冲销", slug="aid-payment")
    if voucher.spent_on < original.spent_on:
        raise Rule("冲销日期早于原凭证日期", slug="reversal-too-early", pointer="#/spent_on")
    if voucher.amount_fen != original.amount_fen:
        raise Rule("冲销金额应等于原凭证金额", slug="reversal-amount", pointer="#/amount")
    if session.scalar(select(Expenditure.id).where(Expenditure.reverses_id == original.id)):
        raise Conflict("此凭证已冲销", slug="already-reversed")
    reversal = _recorded(session, line, voucher, original.id)
    line.spent_fen -= voucher.amount_fen
    append(
        session,
        EXPENDITURE_REVERSED,
        subject=reversal.id,
        entityversion=1,
        occurredon=voucher.spent_on,
        data={**_state(line, reversal), "reverses": original.id},
    )
    return reversal


def find(session: Session, year: int, voucher_no: str) -> Expenditure | None:
    """The voucher with that number in that year."""
    return session.get(Expenditure, ids.entity_id("expenditure", year, voucher_no))


def get(session: Session, expenditure_id: str) -> Expenditure:
    """A voucher. Raises NotFound."""
    found = session.get(Expenditure, expenditure_id)
    if found is None:
        raise NotFound("没有这张凭证", slug="unknown-expenditure")
    return found


def _check_date(line: BudgetLine, on: date) -> None:
    if on.year != line.year:
        raise Rule("日期不在预算年度内", slug="date-outside-year", pointer="#/spent_on")
    if on < line.approved_on:
        raise Rule("日期早于预算批准日期", slug="before-approval", pointer="#/spent_on")


def _recorded(session: Session, line: BudgetLine, voucher: Voucher, reverses_id: str | None) -> Expenditure:
    if find(session, line.year, voucher.voucher_no):
        raise Conflict("本年度已有此凭证编号", slug="voucher-exists", pointer="#/voucher_no")
    expenditure = Expenditure(
        id=ids.entity_id("expenditure", line.year, voucher.voucher_no),
        year=line.year,
        voucher_no=voucher.voucher_no,
        line_id=line.id,
        amount_fen=voucher.amount_fen,
        spent_on=voucher.spent_on,
        summary=voucher.summary,
        reverses_id=reverses_id,
    )
    session.add(expenditure)
    return expenditure


def _state(line: BudgetLine, expenditure: Expenditure) -> dict[str, str | int]:
    return {
        "line_id": line.id,
        "year": line.year,
        "expenditure_class": line.expenditure_class,
        "amount_fen": expenditure.amount_fen,
        "spent_on": expenditure.spent_on.isoformat(),
    }
