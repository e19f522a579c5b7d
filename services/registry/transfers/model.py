"""How a transfer is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.dates import TimeAway
from hongxia.records import Record
from services.registry.base import Base
from services.registry.transfers.schema import LIFECYCLE


class Transfer(Record, Base):
    """A time in which another bureau served the cadre. The destination stays here, it is not published."""

    __tablename__ = "transfer"
    __table_args__ = (Index("ix_transfer_cadre_id", "cadre_id", "left_on"),)
    lifecycle = LIFECYCLE

    cadre_id: Mapped[str] = mapped_column(ForeignKey("cadre.id"))
    left_on: Mapped[date]
    destination: Mapped[str] = mapped_column(String(100))
    returned_on: Mapped[date | None]

    @property
    def time(self) -> TimeAway:
        """The time itself."""
        return TimeAway(self.left_on, self.returned_on)
