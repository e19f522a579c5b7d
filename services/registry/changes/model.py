"""How a change is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from hongxia.sealed import Sealed
from services.registry.base import Base
from services.registry.changes.schema import LIFECYCLE


class Change(Record, Base):
    """What an aspect was from a date on, and the document (文号) that says so. `cadre_version` is the cadre's version
    that the change made: 1 for what came with the registration; of two changes of one day the later recorded one holds.
    Of care, `value` lists the flags that are set.
    """

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_cadre_id", "cadre_id", "from_on"),)
    lifecycle = LIFECYCLE

    cadre_id: Mapped[str] = mapped_column(ForeignKey("cadre.id"))
    aspect: Mapped[str] = mapped_column(String(20))
    cadre_version: Mapped[int]
    from_on: Mapped[date]
    value: Mapped[str | None] = mapped_column(String(100))
    document_no: Mapped[str | None] = mapped_column(Sealed)
