"""What may be recorded of adjustments, amended and voided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import Violation, not_before, past_day, refuse
from services.finance import balance
from services.finance.adjustments.events import ADJUSTMENT_AMENDED, ADJUSTMENT_MADE, ADJUSTMENT_VOIDED
from services.finance.adjustments.model import Adjustment
from services.finance.lines.model import BudgetLine


def violations(values: Mapping[str, Any], line: BudgetLine, today: date) -> Iterator[Violation]:
    """Yield what is wrong with an adjustment of a line; `values` are those of AdjustmentSchema."""
    on = values["adjusted_on"]
    if on.year != line.year:
        yield Violation("adjusted_on", "date-outside-year", f"调整日期 {on} 不在预算年度 {line.year} 年内")
    yield from past_day("adjusted_on", on, today)
    yield from not_before("adjusted_on", on, line.approved_on, "before-approval", "调整日期", "项目的批准日期")
    if values["amount_fen"] == 0:
        yield Violation("amount_fen", "amount-is-zero", "调整金额不能为零")


def make(
    session: Session, line: BudgetLine, values: Mapping[str, Any], today: date, *, judged: bool = True
) -> Adjustment:
    """Raise or cut a line (locked by the caller). With `judged` the balance is judged now, not at the end of an import.

    Raises Refused; Conflicting if the line is voided or the number is taken.
    """
    refuse(violations(values, line, today))
    line.lifecycle.after(line.state, "amend")
    adjustment_id = records.numbered_id(session, Adjustment, line.year, values["adjustment_no"], "adjustment_no")
    adjustment = Adjustment(id=adjustment_id, year=line.year, line_id=line.id, line=line, **values)
    records.begin(session, adjustment, "make")
    if judged:
        balance.judge(session, line)
    publish(session, ADJUSTMENT_MADE, adjustment, on=adjustment.adjusted_on)
    return adjustment


def amend(
    session: Session,
    line: BudgetLine,
    adjustment: Adjustment,
    changes: Mapping[str, Any],
    reason: str,
    today: date,
    *,
    judged: bool = True,
) -> Adjustment:
    """Amend amount or date of an adjustment (its line locked by the caller). Raises Refused, Conflicting."""
    present = {"adjusted_on": adjustment.adjusted_on, "amount_fen": adjustment.amount_fen}
    refuse(violations({**present, **changes}, line, today))
    changed = records.change(session, adjustment, changes)
    if changed:
        if judged:
            balance.judge(session, line)
        publish(session, ADJUSTMENT_AMENDED, adjustment, on=adjustment.adjusted_on, changed=changed, reason=reason)
    return adjustment


def void(session: Session, line: BudgetLine, adjustment: Adjustment, reason: str) -> Adjustment:
    """Void an adjustment (its line locked by the caller). Raises Refused if that overdraws the line, Conflicting."""
    records.move(session, adjustment, "void", reason=reason)
    balance.judge(session, line, "")
    publish(session, ADJUSTMENT_VOIDED, adjustment, on=adjustment.adjusted_on, reason=reason)
    return adjustment
