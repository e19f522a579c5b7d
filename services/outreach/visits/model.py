"""How a visit is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from services.outreach.base import Base
from services.outreach.visits.schema import LIFECYCLE


class Visit(Record, Base):
    """A call on one cadre. `people` counts the cadre and the family members called on."""

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("people >= 1", name="ck_visit_people"),
        Index("ix_visit_cadre_id", "cadre_id", "visited_on"),
        Index("ix_visit_visited_on", "visited_on", "id"),
    )
    lifecycle = LIFECYCLE

    cadre_id: Mapped[str] = mapped_column(String(36))
    visited_on: Mapped[date]
    form: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(20))
    occasion: Mapped[str] = mapped_column(String(20))
    five_must: Mapped[bool]
    people: Mapped[int]
    minutes: Mapped[int | None]
