"""How a milestone that was announced is stored."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from services.registry.base import Base
from services.registry.milestones.schema import LIFECYCLE


class Milestone(Record, Base):
    """A milestone of a cadre in a year, announced for a month ("YYYY-MM")."""

    __tablename__ = "milestone"
    __table_args__ = (Index("ix_milestone_cadre_id", "cadre_id"),)
    lifecycle = LIFECYCLE

    cadre_id: Mapped[str] = mapped_column(ForeignKey("cadre.id"))
    milestone: Mapped[str] = mapped_column(String(10))
    year: Mapped[int]
    month: Mapped[str] = mapped_column(String(7))
