"""How a stay is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from services.outreach.base import Base
from services.outreach.stays.schema import LIFECYCLE


class Stay(Record, Base):
    """A stay in hospital. `hospital` never leaves this service. `ended_with`: nobody recorded the discharge, the stay
    ended for this bureau because the cadre died ("death") or went to another bureau ("transfer").
    """

    __tablename__ = "stay"
    __table_args__ = (Index("ix_stay_admitted_on", "admitted_on", "id"),)
    lifecycle = LIFECYCLE

    cadre_id: Mapped[str] = mapped_column(String(36), index=True)
    admitted_on: Mapped[date]
    reported_on: Mapped[date]
    hospital: Mapped[str | None] = mapped_column(String(100))
    discharged_on: Mapped[date | None]
    ended_with: Mapped[str | None] = mapped_column(String(10))
