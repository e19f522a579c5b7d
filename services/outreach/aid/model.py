"""How an aid case is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from services.outreach.aid.schema import LIFECYCLE
from services.outreach.base import Base

COUNTED = ("applied", "approved", "paid", "returned")
"""The states in which a case uses up the person's one aid of the year. Who applies is held against them, with the cadre
locked; finance may pay a second case all the same, if the first was withdrawn too late: that is a contradiction.
"""


class AidCase(Record, Base):
    """An application for aid (帮扶) and what became of it. `amount_fen` is what was approved; `asked_fen` all amounts
    that finance was asked for so far: it may answer an earlier one that it read late.

    `year` is the one that it counts for: that of the application until it is decided, then that of the decision.
    `returned_on` is the day of the bank's last return. `finance_version` is the version of finance's last answer.
    """

    __tablename__ = "aid_case"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="ck_aid_case_amount"),
        Index("ix_aid_case_cadre_id", "cadre_id"),
        Index("ix_aid_case_applied_on", "applied_on", "id"),
    )
    lifecycle = LIFECYCLE

    cadre_id: Mapped[str] = mapped_column(String(36))
    applied_on: Mapped[date]
    reviewed_on: Mapped[date | None]
    amount_fen: Mapped[int | None]
    asked_fen: Mapped[list[int]] = mapped_column(JSON)
    pay_on: Mapped[date | None]
    cause: Mapped[str] = mapped_column(String(20))
    year: Mapped[int]
    waiting: Mapped[bool]
    settled_on: Mapped[date | None]
    returned_on: Mapped[date | None]
    expenditure_id: Mapped[str | None] = mapped_column(String(36))
    refusal: Mapped[str | None] = mapped_column(String(40))
    withdrawal: Mapped[str | None] = mapped_column(String(20))
    finance_version: Mapped[int]

    @property
    def approved_on(self) -> date | None:
        """The day of the approval, if it was approved."""
        return None if self.state == "declined" else self.reviewed_on

    @property
    def declined_on(self) -> date | None:
        """The day of the decision, if it was declined."""
        return self.reviewed_on if self.state == "declined" else None
