"""What may be approved of budget lines, amended and voided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import Conflicting, Refused, Violation, past_day, refuse
from services.finance import balance
from services.finance.adjustments.events import ADJUSTMENT_AMENDED
from services.finance.adjustments.model import Adjustment
from services.finance.expenditures.model import Expenditure
from services.finance.expenditures.publishing import publish_amended
from services.finance.lines.events import BUDGET_AMENDED, BUDGET_APPROVED, BUDGET_VOIDED
from services.finance.lines.model import BudgetLine


def violations(values: Mapping[str, Any], today: date) -> Iterator[Violation]:
    """Yield what is wrong with a line by itself; `values` are those of BudgetLineSchema."""
    on, year = values["approved_on"], values["year"]
    if on.year != year:
        yield Violation("approved_on", "date-outside-year", f"批准日期 {on} 不在预算年度 {year} 年内")
    yield from past_day("approved_on", on, today)


def approve(session: Session, values: Mapping[str, Any], today: date) -> BudgetLine:
    """Approve a line. Raises Refused, Conflicting if the year has its number or another line that pays aid."""
    refuse(violations(values, today))
    if values["pays_aid"]:
        _only_one_pays_aid(session, values["year"])
    line_id = records.numbered_id(session, BudgetLine, values["year"], values["line_no"], "line_no")
    line = BudgetLine(id=line_id, **values)
    records.begin(session, line, "approve")
    session.flush()
    publish(session, BUDGET_APPROVED, line, on=line.approved_on)
    return line


def amend(
    session: Session, line: BudgetLine, changes: Mapping[str, Any], reason: str, today: date, *, judged: bool = True
) -> BudgetLine:
    """Amend a line (locked by the caller): name, class, amount, date, whether it pays aid. A new class also applies to
    its adjustments and vouchers. With `judged` the balance is judged now, not at the end of an import.

    Raises Refused, Conflicting.
    """
    refuse(violations({"year": line.year, "approved_on": line.approved_on, **changes}, today))
    if changes.get("pays_aid") and not line.pays_aid:
        _only_one_pays_aid(session, line.year)
    changed = records.change(session, line, changes)
    if not changed:
        return line
    _refuse_earlier_records(session, line)
    if judged:
        balance.judge(session, line, "initial_fen")
    session.flush()
    publish(session, BUDGET_AMENDED, line, on=today, changed=changed, reason=reason)
    if "expenditure_class" in changed:
        _follow_class(session, line)
    return line


def void(session: Session, line: BudgetLine, reason: str) -> BudgetLine:
    """Void a line that nothing was recorded on. Raises Refused, Conflicting."""
    used = session.scalar(select(Expenditure.id).where(Expenditure.line_id == line.id).limit(1)) or session.scalar(
        select(Adjustment.id).where(Adjustment.line_id == line.id, Adjustment.state == "made").limit(1)
    )
    if used:
        message = (
            f"项目“{line.line_no}”已有支出或预算调整，不能作废；请先作废预算调整，已有支出的请调减预算（预算调整）"
        )
        raise Refused(Violation("", "line-in-use", message))
    records.move(session, line, "void", reason=reason)
    publish(session, BUDGET_VOIDED, line, on=line.approved_on, reason=reason)
    return line


def find(session: Session, year: int, line_no: str) -> BudgetLine | None:
    """Return the line with that number in that year, or None."""
    return session.scalar(select(BudgetLine).filter_by(year=year, line_no=line_no, state="approved"))


def aid_line(session: Session, year: int) -> BudgetLine | None:
    """Return the line that pays aid in a year, locked, or None."""
    found = session.scalar(select(BudgetLine.id).filter_by(year=year, pays_aid=True, state="approved"))
    return balance.lock_line(session, found) if found else None


def _only_one_pays_aid(session: Session, year: int) -> None:
    other = session.scalar(select(BudgetLine.line_no).filter_by(year=year, pays_aid=True, state="approved"))
    if other is not None:
        message = f"{year}年已有拨付帮扶资金的项目“{other}”，请先修改该项目（PATCH /budget-lines/<id>）"
        raise Conflicting(Violation("pays_aid", "aid-line-exists", message))


def _refuse_earlier_records(session: Session, line: BudgetLine) -> None:
    """Raise Refused if a record of the line has an earlier date than the line's approval."""
    days = (
        session.scalar(select(Expenditure.spent_on).filter_by(line_id=line.id).order_by(Expenditure.spent_on).limit(1)),
        session.scalar(
            select(Adjustment.adjusted_on)
            .filter_by(line_id=line.id, state="made")
            .order_by(Adjustment.adjusted_on)
            .limit(1)
        ),
    )
    first = min((day for day in days if day is not None), default=None)
    if first is not None and first < line.approved_on:
        message = (
            f"批准日期 {line.approved_on} 晚于该项目已有的支出或调整 {first}；请更正批准日期，或先修改那一笔的日期"
        )
        raise Refused(Violation("approved_on", "before-approval", message))


def _follow_class(session: Session, line: BudgetLine) -> None:
    """Publish the line's adjustments and vouchers again: their events hold the class of the line."""
    for adjustment in session.scalars(select(Adjustment).filter_by(line_id=line.id, state="made").order_by("id")):
        records.touch(session, adjustment)
        on, changed = adjustment.adjusted_on, ["expenditure_class"]
        publish(session, ADJUSTMENT_AMENDED, adjustment, on=on, changed=changed, reason="followed")
    for voucher in session.scalars(select(Expenditure).filter_by(line_id=line.id).order_by("id")):
        records.touch(session, voucher)
        publish_amended(session, voucher, ["expenditure_class"], "followed")
