"""An import judges the balances of its lines once all rows are in, so that the order of rows does not matter."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from hongxia import records
from hongxia.rules import Refused, Violation
from hongxia.workbook.declare import Finding, Row
from hongxia.workbook.reconcile import Loading
from services.finance import balance
from services.finance.aid.rules import pay_waiting
from services.finance.lines.model import BudgetLine

_TOUCHED = "finance.touched"


@dataclass(frozen=True, slots=True)
class _Touched:
    """A row that changed what a line has on a day."""

    sheet: str
    row: int
    field: str
    on: date
    spends: bool


def note(loading: Loading, line_id: str, sheet: str, row: Row, on: date, field: str, *, spends: bool = False) -> None:
    """Note that a row changed what a line has from the day `on`; `spends` says that it took money away."""
    touched: dict[str, list[_Touched]] = loading.shared.setdefault(_TOUCHED, defaultdict(list))
    touched[line_id].append(_Touched(sheet, row.number, field, on, spends))


def finish(loading: Loading) -> None:
    """Judge the lines that were touched; if none is overdrawn, pay the aid that waits for a line of the year.

    An overdrawn line is a finding at the row that spends last on the first overdrawn day, or at the last row before it.
    """
    loading.session.flush()
    touched: dict[str, list[_Touched]] = loading.shared.get(_TOUCHED, {})
    for line_id in sorted(touched):
        line = records.get(loading.session, BudgetLine, line_id)
        found = balance.first_overdrawn(loading.session, line)
        if found is not None:
            at = _place(touched[line_id], found[0])
            loading.findings.append(Finding(at.sheet, at.row, at.field, balance.message_of(line, *found)))
    if not loading.findings:
        pay_waiting(loading.session, loading.year)


def _place(touched: list[_Touched], day: date) -> _Touched:
    before = [each for each in touched if each.on <= day] or touched
    return max(before, key=lambda each: (each.on == day and each.spends, each.spends, each.on, each.row))


def refuse_other_line(line: BudgetLine, changes: dict[str, object]) -> None:
    """Raise Refused if a row names another line than before: the record has to be voided or reversed, and made anew."""
    if "line_no" in changes:
        message = f"记录不能由项目“{line.line_no}”改到“{changes['line_no']}”；请作废或冲销后，以新编号另填一行"
        raise Refused(Violation("line_no", "other-line", message))
