"""How finance stores its answer to an aid case."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from hongxia.sealed import Sealed
from services.finance.aid.schema import LIFECYCLE
from services.finance.base import Base


class AidPayment(Record, Base):
    """Finance's answer to an approved aid case; its id is the case's. `approval` is the version of the case that was
    answered last, `returned_on` the day of the bank's last return, `withdrawn` whether outreach withdrew it since,
    `reversal` the voucher (as JSON) that somebody proposed and another person has to confirm. `asked_fen` is the amount
    whose approval was answered, 0 while outreach's history, as it is read now, has no such approval; approvals up to
    the version `answered_before` were answered before that history was read anew.
    """

    __tablename__ = "aid_payment"
    lifecycle = LIFECYCLE

    amount_fen: Mapped[int]
    approval: Mapped[int]
    asked_fen: Mapped[int] = mapped_column(default=0)
    answered_before: Mapped[int] = mapped_column(default=0)
    pay_on: Mapped[date] = mapped_column(index=True)
    answered_on: Mapped[date]
    returned_on: Mapped[date | None]
    expenditure_id: Mapped[str | None] = mapped_column(ForeignKey("expenditure.id"), index=True)
    payments: Mapped[int] = mapped_column(default=0)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    refused: Mapped[str | None] = mapped_column(String(20))
    proposed_by: Mapped[str | None] = mapped_column(String(200))
    reversal: Mapped[str | None] = mapped_column(Sealed)

    @property
    def case_id(self) -> str:
        """The case."""
        return self.id
