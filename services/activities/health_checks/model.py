"""How a health-check batch is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from hongxia.sealed import Sealed
from services.activities.base import Base
from services.activities.health_checks.schema import LIFECYCLE


class HealthCheck(Record, Base):
    """A health-check batch."""

    __tablename__ = "health_check"
    __table_args__ = (Index("ix_health_check_held_on", "held_on", "id"),)
    lifecycle = LIFECYCLE

    batch_no: Mapped[str | None] = mapped_column(String(32))
    held_on: Mapped[date]
    hospital: Mapped[str] = mapped_column(Sealed)
