"""How a vaccination drive is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from services.activities.base import Base
from services.activities.drives.schema import LIFECYCLE


class Drive(Record, Base):
    """A vaccination drive of one or several days, from `starts_on`."""

    __tablename__ = "drive"
    __table_args__ = (Index("ix_drive_starts_on", "starts_on", "id"),)
    lifecycle = LIFECYCLE

    drive_no: Mapped[str | None] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date]
