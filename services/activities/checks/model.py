"""How a check is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, synonym

from services.activities.base import Base
from services.activities.checks.schema import LIFECYCLE
from services.activities.presence.model import Presence


class Check(Presence, Base):
    """A cadre was checked in a batch."""

    __tablename__ = "health_check_person"
    __table_args__ = (UniqueConstraint("batch_id", "cadre_id", name="uq_health_check_person_batch_id"),)
    lifecycle = LIFECYCLE

    batch_id: Mapped[str] = mapped_column(String(36), ForeignKey("health_check.id"))
    checked_on: Mapped[date] = mapped_column(index=True)

    owner_id: Mapped[str] = synonym("batch_id")
    on: Mapped[date] = synonym("checked_on")
