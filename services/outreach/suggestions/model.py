"""How a suggestion is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from hongxia.sealed import Sealed
from services.outreach.base import Base
from services.outreach.suggestions.schema import LIFECYCLE


class Suggestion(Record, Base):
    """A request or suggestion. `summary` and `assignee` never leave this service."""

    __tablename__ = "suggestion"
    __table_args__ = (Index("ix_suggestion_received_on", "received_on", "id"),)
    lifecycle = LIFECYCLE

    received_on: Mapped[date]
    channel: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(20))
    summary: Mapped[str | None] = mapped_column(Sealed)
    assignee: Mapped[str | None] = mapped_column(Sealed)
    assigned_on: Mapped[date | None]
    resolved_on: Mapped[date | None]
