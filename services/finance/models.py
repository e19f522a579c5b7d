"""Finance's tables: budget lines, their adjustments, expenditure, and the answer to each aid case."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from hongxia.events.tables import Counter


class Base(DeclarativeBase):
    """Base of finance's models."""

    type_annotation_map = {int: Counter}


class BudgetLine(Base):
    """A line of a year's budget (项目). All amounts in fen; `version` counts changes of the line itself."""

    __tablename__ = "budget_line"
    __table_args__ = (
        UniqueConstraint("year", "line_no", name="uq_budget_line_year"),
        CheckConstraint("initial_fen + adjusted_fen - spent_fen >= 0", name="ck_budget_line_never_overspent"),
        Index(
            "uq_budget_line_pays_aid",
            "year",
            unique=True,
            postgresql_where=text("pays_aid"),
            sqlite_where=text("pays_aid"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    year: Mapped[int]
    line_no: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    expenditure_class: Mapped[str] = mapped_column(String(10))
    initial_fen: Mapped[int]
    adjusted_fen: Mapped[int] = mapped_column(default=0)
    spent_fen: Mapped[int] = mapped_column(default=0)
    pays_aid: Mapped[bool]
    approved_on: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def balance_fen(self) -> int:
        """What may still be spent, in fen."""
        return self.initial_fen + self.adjusted_fen - self.spent_fen


class Adjustment(Base):
    """A change of a line's budget in the course of the year."""

    __tablename__ = "adjustment"
    __table_args__ = (UniqueConstraint("year", "adjustment_no", name="uq_adjustment_year"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    year: Mapped[int]
    adjustment_no: Mapped[str] = mapped_column(String(64))
    line_id: Mapped[str] = mapped_column(ForeignKey("budget_line.id"))
    amount_fen: Mapped[int]
    adjusted_on: Mapped[date]

    line: Mapped[BudgetLine] = relationship()


class Expenditure(Base):
    """A voucher: money spent from a line, or, if it names another, that one taken back whole."""

    __tablename__ = "expenditure"
    __table_args__ = (UniqueConstraint("year", "voucher_no", name="uq_expenditure_year"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    year: Mapped[int]
    voucher_no: Mapped[str] = mapped_column(String(64))
    line_id: Mapped[str] = mapped_column(ForeignKey("budget_line.id"))
    amount_fen: Mapped[int]
    spent_on: Mapped[date] = mapped_column(index=True)
    summary: Mapped[str | None] = mapped_column(String(200))
    reverses_id: Mapped[str | None] = mapped_column(ForeignKey("expenditure.id"), unique=True)

    line: Mapped[BudgetLine] = relationship()
    reverses: Mapped[Expenditure | None] = relationship(remote_side=[id])


class AidPayment(Base):
    """Finance's one answer to an approved aid case: paid by an expenditure, or refused with a reason."""

    __tablename__ = "aid_payment"

    case_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    amount_fen: Mapped[int]
    answered_on: Mapped[date]
    expenditure_id: Mapped[str | None] = mapped_column(ForeignKey("expenditure.id"))
    refused: Mapped[str | None] = mapped_column(String(20))

    expenditure: Mapped[Expenditure | None] = relationship()
