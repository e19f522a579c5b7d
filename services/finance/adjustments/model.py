"""How an adjustment is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hongxia.records import Record
from services.finance.adjustments.schema import LIFECYCLE
from services.finance.base import Base
from services.finance.lines.model import BudgetLine


class Adjustment(Record, Base):
    """A change of a line's budget within its year, in fen."""

    __tablename__ = "adjustment"
    __table_args__ = (UniqueConstraint("year", "adjustment_no", name="uq_adjustment_year"),)
    lifecycle = LIFECYCLE

    year: Mapped[int]
    adjustment_no: Mapped[str] = mapped_column(String(32))
    line_id: Mapped[str] = mapped_column(ForeignKey("budget_line.id"), index=True)
    amount_fen: Mapped[int]
    adjusted_on: Mapped[date]

    line: Mapped[BudgetLine] = relationship()

    @property
    def expenditure_class(self) -> str:
        """The class of the line."""
        return self.line.expenditure_class
