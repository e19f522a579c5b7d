"""How a work is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from hongxia.sealed import Sealed
from services.activities.base import Base
from services.activities.works.schema import LIFECYCLE


class Work(Record, Base):
    """A work that was collected; without a `cadre_id` its author is not in the register. `by_family`: it was handed in
    after the author's death.
    """

    __tablename__ = "work"
    __table_args__ = (
        Index("ix_work_collected_on", "collected_on", "id"),
        Index("ix_work_cadre_id", "cadre_id", "collected_on"),
    )
    lifecycle = LIFECYCLE

    work_no: Mapped[str | None] = mapped_column(String(32))
    cadre_id: Mapped[str | None] = mapped_column(String(36))
    genre: Mapped[str] = mapped_column(String(20))
    title: Mapped[str | None] = mapped_column(Sealed)
    collected_on: Mapped[date]
    call: Mapped[str | None] = mapped_column(String(100))
    by_family: Mapped[bool]
