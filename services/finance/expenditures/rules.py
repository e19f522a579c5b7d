"""Which vouchers may be posted to a line, amended, and reversed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import Conflicting, Refused, Violation, not_before, past_day, refuse
from hongxia.schema.fields import yuan
from services.finance import balance
from services.finance.aid.model import AidPayment
from services.finance.expenditures.events import EXPENDITURE_POSTED, EXPENDITURE_REVERSED
from services.finance.expenditures.model import Expenditure
from services.finance.expenditures.publishing import publish_amended
from services.finance.lines.model import BudgetLine


def violations(values: Mapping[str, Any], line: BudgetLine, today: date) -> Iterator[Violation]:
    """Yield what is wrong with a voucher on a line; `values` are those of ExpenditureSchema."""
    on = values["spent_on"]
    if on.year != line.year:
        yield Violation("spent_on", "date-outside-year", f"日期 {on} 不在预算年度 {line.year} 年内")
    yield from past_day("spent_on", on, today)
    yield from not_before("spent_on", on, line.approved_on, "before-approval", "日期", "项目的批准日期")


def post(
    session: Session, line: BudgetLine, values: Mapping[str, Any], today: date, *, judged: bool = True
) -> Expenditure:
    """Spend from a line (locked by the caller). With `judged` the balance is judged now, not at the end of an import.

    Raises Refused (over-balance and others); Conflicting if the line is voided or the number is taken.
    """
    refuse(violations(values, line, today))
    line.lifecycle.after(line.state, "amend")
    voucher = _begin(session, line, values, "post")
    if judged:
        balance.judge(session, line)
    publish(session, EXPENDITURE_POSTED, voucher, on=voucher.spent_on)
    return voucher


def reverse(
    session: Session, line: BudgetLine, original: Expenditure, values: Mapping[str, Any], today: date
) -> Expenditure:
    """Reverse a voucher, whole and once (its line locked by the caller). In a later year that is possible, too: the
    reversal then counts in that year. A voucher of aid is refused here: it is reversed through its payment.

    Raises Refused, Conflicting.
    """
    paid_case = session.scalar(select(AidPayment.id).where(AidPayment.expenditure_id == original.id))
    if paid_case:
        message = (
            "帮扶款的凭证不能直接冲销：银行退回的，请登记退回（POST /aid-payments/<id>/return）；"
            "拨付有误的，由两人办理撤回（POST /aid-payments/<id>/propose-reversal）"
        )
        raise Refused(Violation("", "aid-payment", message), extra={"case_id": paid_case})
    return reverse_any(session, line, original, values, today)


def reverse_any(
    session: Session, line: BudgetLine, original: Expenditure, values: Mapping[str, Any], today: date
) -> Expenditure:
    """Reverse any voucher, that of aid included; otherwise as `reverse`."""
    refuse(_reversal_violations(original, values, today))
    other = session.scalar(select(Expenditure.voucher_no).where(Expenditure.reverses_id == original.id))
    if other is not None:
        message = (
            f"凭证“{original.voucher_no}”已由凭证“{other}”冲销，不能再冲销；冲销有误的，"
            f"请修改凭证“{other}”，或以新编号重新记账"
        )
        raise Conflicting(Violation("reverses_no", "already-reversed", message))
    reversal = _begin(
        session,
        line,
        {**values, "amount_fen": original.amount_fen},
        "reverse",
        reverses_id=original.id,
        reverses=original,
    )
    session.flush()
    publish(session, EXPENDITURE_REVERSED, reversal, on=reversal.spent_on, reverses=original.id)
    return reversal


def _reversal_violations(original: Expenditure, values: Mapping[str, Any], today: date) -> Iterator[Violation]:
    if original.reverses_id:
        message = f"凭证“{original.voucher_no}”本身是冲销凭证，不能再冲销；冲销有误的，请以新编号重新记账"
        yield Violation("reverses_no", "reversal-of-reversal", message)
    yield from _reversal_dates(original, values, today)
    amount = values.get("amount_fen", original.amount_fen)
    if amount != original.amount_fen:
        message = f"冲销金额 {yuan(amount)} 元与原凭证金额 {yuan(original.amount_fen)} 元不同，应相等（填正数）"
        yield Violation("amount_fen", "reversal-amount", message)


def amend(
    session: Session,
    line: BudgetLine,
    voucher: Expenditure,
    changes: Mapping[str, Any],
    reason: str,
    today: date,
    *,
    judged: bool = True,
) -> Expenditure:
    """Amend date, amount or summary of a voucher (its line locked by the caller). A reversed voucher and its reversal
    keep their amount; vouchers of aid are posted by the system and can't be amended. Raises Refused, Conflicting.
    """
    refuse(_amendment_violations(session, voucher, changes))
    present = {"spent_on": voucher.spent_on, "amount_fen": voucher.amount_fen}
    if voucher.reverses is not None:
        refuse(_reversal_dates(voucher.reverses, {**present, **changes}, today))
    else:
        refuse(violations({**present, **changes}, line, today))
    changed = records.change(session, voucher, changes)
    if changed:
        voucher.year = voucher.spent_on.year
        if judged:
            balance.judge(session, line)
        publish_amended(session, voucher, changed, reason)
    return voucher


def _reversal_dates(original: Expenditure, values: Mapping[str, Any], today: date) -> Iterator[Violation]:
    on = values["spent_on"]
    yield from past_day("spent_on", on, today)
    yield from not_before("spent_on", on, original.spent_on, "reversal-too-early", "冲销日期", "原凭证日期")


def _amendment_violations(session: Session, voucher: Expenditure, changes: Mapping[str, Any]) -> Iterator[Violation]:
    if session.scalar(select(AidPayment.id).where(AidPayment.expenditure_id == voucher.id)):
        yield Violation("", "aid-payment", "帮扶款由系统记账，其凭证不能修改；请在帮扶拨付中办理退回或撤回")
    on = changes.get("spent_on", voucher.spent_on)
    if on.year != voucher.year:
        message = f"日期 {on} 不在凭证的年度 {voucher.year} 年内；请冲销后重新记账"
        yield Violation("spent_on", "date-outside-year", message)
    reversal = session.scalar(select(Expenditure).where(Expenditure.reverses_id == voucher.id))
    if reversal is not None and on > reversal.spent_on:
        message = f"日期 {on} 晚于其冲销凭证“{reversal.voucher_no}”的日期 {reversal.spent_on}，请先修改冲销凭证的日期"
        yield Violation("spent_on", "after-its-reversal", message)
    amount = changes.get("amount_fen", voucher.amount_fen)
    if (voucher.reverses_id or reversal is not None) and amount != voucher.amount_fen:
        message = (
            f"已冲销的凭证和冲销凭证的金额 {yuan(voucher.amount_fen)} 元不能改为 {yuan(amount)} 元；"
            "请以新编号按正确的金额重新记账"
        )
        yield Violation("amount_fen", "reversed-amount", message)


def find(session: Session, year: int, voucher_no: str) -> Expenditure | None:
    """Return the voucher with that number in that year, or None."""
    return session.scalar(select(Expenditure).filter_by(year=year, voucher_no=voucher_no))


def _begin(session: Session, line: BudgetLine, values: Mapping[str, Any], verb: str, **more: Any) -> Expenditure:
    year = values["spent_on"].year
    voucher_id = records.numbered_id(session, Expenditure, year, values["voucher_no"], "voucher_no")
    kept = {name: value for name, value in values.items() if name != "line_id"}
    voucher = Expenditure(id=voucher_id, year=year, line_id=line.id, line=line, **kept, **more)
    records.begin(session, voucher, verb)
    return voucher
