"""How a budget line is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Index, String, UniqueConstraint, case, func, select, text
from sqlalchemy.orm import Mapped, mapped_column, object_session

from hongxia.records import Record
from services.finance.base import Base
from services.finance.lines.schema import LIFECYCLE


class BudgetLine(Record, Base):
    """A line of a year's budget (项目). All amounts in fen; what was adjusted and spent follows from the records of
    the line (services.finance.balance).
    """

    __tablename__ = "budget_line"
    __table_args__ = (
        UniqueConstraint("year", "line_no", name="uq_budget_line_year"),
        Index(
            "uq_budget_line_pays_aid",
            "year",
            unique=True,
            postgresql_where=text("pays_aid AND state = 'approved'"),
            sqlite_where=text("pays_aid AND state = 'approved'"),
        ),
    )
    lifecycle = LIFECYCLE

    year: Mapped[int]
    line_no: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    expenditure_class: Mapped[str] = mapped_column(String(10))
    initial_fen: Mapped[int]
    pays_aid: Mapped[bool]
    approved_on: Mapped[date]

    @property
    def adjusted_fen(self) -> int:
        """What the line was raised by (less cuts), in fen."""
        adjustment = Base.metadata.tables["adjustment"]
        return self._sum("adjustment", case((adjustment.c.state == "made", adjustment.c.amount_fen), else_=0))

    @property
    def spent_fen(self) -> int:
        """What was spent (less what was reversed), in fen."""
        fen = Base.metadata.tables["expenditure"].c.amount_fen
        reversal = Base.metadata.tables["expenditure"].c.state == "reversal"
        return self._sum("expenditure", case((reversal, -fen), else_=fen))

    @property
    def balance_fen(self) -> int:
        """What is left of the line once everything that is recorded has happened, in fen."""
        return self.initial_fen + self.adjusted_fen - self.spent_fen

    def _sum(self, table: str, value: ColumnElement[int]) -> int:
        session, rows = object_session(self), Base.metadata.tables[table]
        assert session is not None  # a line that was read or is being written
        return int(session.scalar(select(func.sum(value)).where(rows.c.line_id == self.id)) or 0)
