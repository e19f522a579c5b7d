"""How an attendance is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, synonym

from services.activities.attendance.schema import LIFECYCLE
from services.activities.base import Base
from services.activities.presence.model import Presence


class Attendance(Presence, Base):
    """A cadre attended a session."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("session_id", "cadre_id", name="uq_attendance_session_id"),)
    lifecycle = LIFECYCLE

    session_id: Mapped[str] = mapped_column(String(36), ForeignKey("session.id"))
    attended_on: Mapped[date] = mapped_column(index=True)

    owner_id: Mapped[str] = synonym("session_id")
    on: Mapped[date] = synonym("attended_on")
