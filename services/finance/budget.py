"""The year's budget: lines approved, amended, and adjusted; a line's balance never falls below zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.events.outbox import append
from hongxia.http.problems import Conflict, NotFound, Rule
from services.finance.events import BUDGET_ADJUSTED, BUDGET_AMENDED, BUDGET_APPROVED
from services.finance.models import Adjustment, BudgetLine


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to approve; `initial_fen` in fen."""

    year: int
    line_no: str
    name: str
    expenditure_class: str
    initial_fen: int
    pays_aid: bool
    approved_on: date


def approve(session: Session, new: NewLine) -> BudgetLine:
    """Approve a line. Raises Conflict if the year has its number, Rule if another line pays aid or the date is not
    in the year.
    """
    if new.approved_on.year != new.year:
        raise Rule("批准日期不在预算年度内", slug="date-outside-year", pointer="#/approved_on")
    if find(session, new.year, new.line_no):
        raise Conflict("本年度已有此项目编号", slug="budget-line-exists", pointer="#/line_no")
    if new.pays_aid:
        _only_one_pays_aid(session, new.year)
    line = BudgetLine(
        id=ids.entity_id("budget-line", new.year, new.line_no),
        **{name: getattr(new, name) for name in NewLine.__slots__},
        adjusted_fen=0,
        spent_fen=0,
        version=1,
    )
    session.add(line)
    append(
        session,
        BUDGET_APPROVED,
        subject=line.id,
        entityversion=line.version,
        occurredon=line.approved_on,
        data=_state(line),
    )
    return line


def amend(session: Session, line: BudgetLine, changes: dict[str, Any], today: date) -> BudgetLine:
    """Change the name of a line, or whether it pays aid."""
    if changes.get("pays_aid") and not line.pays_aid:
        _only_one_pays_aid(session, line.year)
    for name, value in changes.items():
        setattr(line, name, value)
    line.version += 1
    append(session, BUDGET_AMENDED, subject=line.id, entityversion=line.version, occurredon=today, data=_state(line))
    return line


def adjust(session: Session, line: BudgetLine, number: str, amount_fen: int, on: date) -> Adjustment:
    """Raise or cut a line (locked by the caller). Raises Rule if the balance would fall below zero, outside its year
    or before its approval, Conflict if the year has the adjustment's number.
    """
    if on.year != line.year:
        raise Rule("调整日期不在预算年度内", slug="date-outside-year", pointer="#/adjusted_on")
    if on < line.approved_on:
        raise Rule("日期早于预算批准日期", slug="before-approval", pointer="#/adjusted_on")
    if line.balance_fen + amount_fen < 0:
        raise Rule("调减后余额为负", slug="over-balance", pointer="#/amount")
    key = ids.entity_id("budget-adjustment", line.year, number)
    if session.get(Adjustment, key):
        raise Conflict("本年度已有此调整编号", slug="adjustment-exists", pointer="#/adjustment_no")
    adjustment = Adjustment(
        id=key, year=line.year, adjustment_no=number, line_id=line.id, amount_fen=amount_fen, adjusted_on=on
    )
    session.add(adjustment)
    line.adjusted_fen += amount_fen
    data = {
        "line_id": line.id,
        "year": line.year,
        "expenditure_class": line.expenditure_class,
        "amount_fen": amount_fen,
        "adjusted_on": on.isoformat(),
    }
    append(session, BUDGET_ADJUSTED, subject=adjustment.id, entityversion=1, occurredon=on, data=data)
    return adjustment


def find(session: Session, year: int, line_no: str) -> BudgetLine | None:
    """The line with that number in that year."""
    return session.get(BudgetLine, ids.entity_id("budget-line", year, line_no))


def get_adjustment(session: Session, adjustment_id: str) -> Adjustment:
    """An adjustment. Raises NotFound."""
    found = session.get(Adjustment, adjustment_id)
    if found is None:
        raise NotFound("没有这项预算调整", slug="unknown-adjustment")
    return found


def get(session: Session, line_id: str) -> BudgetLine:
    """A line. Raises NotFound."""
    return _found(session.get(BudgetLine, line_id))


def locked(session: Session, line_id: str) -> BudgetLine:
    """A line, locked until the end of the transaction, so that its balance stands still. Raises NotFound."""
    return _found(session.get(BudgetLine, line_id, with_for_update=True, populate_existing=True))


def aid_line(session: Session, year: int) -> BudgetLine | None:
    """The line that pays aid in a year, locked."""
    query = select(BudgetLine).filter_by(year=year, pays_aid=True).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _found(line: BudgetLine | None) -> BudgetLine:
    if line is None:
        raise NotFound("没有这个预算项目", slug="unknown-budget-line")
    return line


def _only_one_pays_aid(session: Session, year: int) -> None:
    if aid_line(session, year):
        raise Conflict("本年度已有拨付帮扶资金的项目", slug="aid-line-exists", pointer="#/pays_aid")


def _state(line: BudgetLine) -> dict[str, Any]:
    state = {name: getattr(line, name) for name in NewLine.__slots__}
    return {**state, "approved_on": line.approved_on.isoformat()}
