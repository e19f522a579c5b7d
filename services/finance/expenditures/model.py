"""How a voucher is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hongxia.records import Record
from hongxia.sealed import Sealed
from services.finance.base import Base
from services.finance.expenditures.schema import LIFECYCLE
from services.finance.lines.model import BudgetLine


class Expenditure(Record, Base):
    """A voucher: money spent from a line, in fen, or, if it names another, a reversal of that one, whole."""

    __tablename__ = "expenditure"
    __table_args__ = (
        UniqueConstraint("year", "voucher_no", name="uq_expenditure_year"),
        CheckConstraint("amount_fen > 0", name="ck_expenditure_amount"),
    )
    lifecycle = LIFECYCLE

    year: Mapped[int]
    voucher_no: Mapped[str] = mapped_column(String(64))
    line_id: Mapped[str] = mapped_column(ForeignKey("budget_line.id"), index=True)
    amount_fen: Mapped[int]
    spent_on: Mapped[date] = mapped_column(index=True)
    summary: Mapped[str | None] = mapped_column(Sealed)
    reverses_id: Mapped[str | None] = mapped_column(ForeignKey("expenditure.id"), unique=True)

    line: Mapped[BudgetLine] = relationship()
    reverses: Mapped[Expenditure | None] = relationship(remote_side="Expenditure.id")

    @property
    def expenditure_class(self) -> str:
        """The class of the line."""
        return self.line.expenditure_class

    @property
    def corrects_year(self) -> int | None:
        """The year of the voucher that is reversed; None for a voucher that reverses none."""
        return self.reverses.year if self.reverses else None
