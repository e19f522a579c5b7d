"""What a budget line may still spend, judged by date.

At the end of no day may more have been spent from a line than it had by then: its initial budget from the day of its
approval, adjustments and vouchers on their days. So the same records give the same answer in whatever order they are
entered, in one file, in two, or through the API. Within a day the order does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.rules import Refused, Violation
from hongxia.schema.fields import yuan
from services.finance.adjustments.model import Adjustment
from services.finance.expenditures.model import Expenditure
from services.finance.lines.model import BudgetLine

OVER_BALANCE = "over-balance"


def lock_line(session: Session, line_id: str) -> BudgetLine:
    """Return a line, locked, so that its balance stands still until the end of the transaction. Raises Missing."""
    return records.lock(session, BudgetLine, line_id)


def changes_by_day(session: Session, line: BudgetLine) -> dict[date, int]:
    """Return what each day adds to a line (in fen, negative for what it takes away), its approval included."""
    changes: dict[date, int] = defaultdict(int)
    changes[line.approved_on] += line.initial_fen
    adjusted = select(Adjustment.adjusted_on, Adjustment.amount_fen).where(
        Adjustment.line_id == line.id, Adjustment.state == "made"
    )
    for on, fen in session.execute(adjusted):
        changes[on] += fen
    spent = select(Expenditure.spent_on, Expenditure.amount_fen, Expenditure.state).where(
        Expenditure.line_id == line.id
    )
    for on, fen, state in session.execute(spent):
        changes[on] += fen if state == "reversal" else -fen
    return changes


def first_overdrawn(session: Session, line: BudgetLine, more: dict[date, int] | None = None) -> tuple[date, int] | None:
    """Return the first day at whose end a line is overdrawn, with its balance in fen; None if there is no such day.

    `more` is what would be added, by day.
    """
    changes = changes_by_day(session, line)
    for on, fen in (more or {}).items():
        changes[on] = changes.get(on, 0) + fen
    balance = 0
    for on in sorted(changes):
        balance += changes[on]
        if balance < 0:
            return on, balance
    return None


def judge(session: Session, line: BudgetLine, field: str = "amount_fen") -> None:
    """Raise Refused (over-balance) if a line is overdrawn on some day."""
    session.flush()
    found = first_overdrawn(session, line)
    if found is not None:
        raise Refused(Violation(field, OVER_BALANCE, message_of(line, *found)))


def message_of(line: BudgetLine, on: date, balance_fen: int) -> str:
    """Return the message that a line is overdrawn on a day."""
    short = yuan(-balance_fen)
    return f"项目“{line.line_no}”截至 {on} 的余额不足，差 {short} 元；请先调增预算（预算调整）或更正日期、金额"


def lock_line_of(session: Session, record: Adjustment | Expenditure, _body: object) -> None:
    """Lock the line of a record that is about to be changed, before the record."""
    lock_line(session, record.line_id)
