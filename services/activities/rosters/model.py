"""How a roster is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hongxia.records import Record
from services.activities.base import Base
from services.activities.rosters.schema import LIFECYCLE
from services.activities.units.model import Unit


class Roster(Record, Base):
    """One unit on one day of a drive, in numbers."""

    __tablename__ = "roster"
    __table_args__ = (
        UniqueConstraint("drive_id", "on", "unit", name="uq_roster_drive_id"),
        CheckConstraint("vaccinated >= 0 AND vaccinated <= attended", name="ck_roster_vaccinated"),
        Index("ix_roster_on", "on", "id"),
    )
    lifecycle = LIFECYCLE

    drive_id: Mapped[str] = mapped_column(String(36), ForeignKey("drive.id"))
    on: Mapped[date]
    unit: Mapped[str] = mapped_column(String(9), ForeignKey("unit.code"))
    attended: Mapped[int]
    vaccinated: Mapped[int]

    unit_entry: Mapped[Unit] = relationship(viewonly=True, lazy="selectin")

    @property
    def unit_label(self) -> str:
        """The unit's name as the list has it now; for answers, of a roster that is in the database."""
        return self.unit_entry.label
