"""How a session is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from hongxia.sealed import Sealed
from services.activities.base import Base
from services.activities.sessions.schema import LIFECYCLE


class Meeting(Record, Base):
    """A session of a programme; called a meeting in the code, because a `session` is the database's."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("others_count >= 0", name="ck_session_others_count"),
        Index("ix_session_held_on", "held_on", "id"),
    )
    lifecycle = LIFECYCLE

    session_no: Mapped[str | None] = mapped_column(String(32))
    programme: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    held_on: Mapped[date]
    host: Mapped[str] = mapped_column(String(10))
    venue: Mapped[str | None] = mapped_column(Sealed)
    topic: Mapped[str | None] = mapped_column(String(200))
    others_count: Mapped[int] = mapped_column(comment="attendance that is not listed by name")
