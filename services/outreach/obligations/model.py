"""How obligations, their kinds, and festivals are stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from services.outreach.base import Base
from services.outreach.obligations.schema import FESTIVAL_LIFECYCLE, KIND_LIFECYCLE, LIFECYCLE


class ObligationKind(Record, Base):
    """A kind of 五必访. With no `raised_by` it is on the bureau's list and nothing raises it by itself."""

    __tablename__ = "obligation_kind"
    lifecycle = KIND_LIFECYCLE

    code: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(30))
    raised_by: Mapped[str | None] = mapped_column(String(20))
    days: Mapped[int]
    working_days: Mapped[bool]
    concerns: Mapped[str] = mapped_column(String(20))
    occasions: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool]


class Festival(Record, Base):
    """A festival with its date."""

    __tablename__ = "festival"
    __table_args__ = (UniqueConstraint("name", "held_on"),)
    lifecycle = FESTIVAL_LIFECYCLE

    name: Mapped[str] = mapped_column(String(30))
    held_on: Mapped[date] = mapped_column(index=True)


class Obligation(Record, Base):
    """A visit that must be paid between `raised_on` and `due_on`; `visit_id` is the one that met it.

    `cause` and `cause_key` say what raised it: a person has one obligation of a kind for each. `days`, `working_days`
    and `occasions` are those of the kind when it was raised, or last reviewed; the deadline counts from `counted_from`.
    """

    __tablename__ = "obligation"
    __table_args__ = (
        Index("ix_obligation_due_on", "due_on", "id"),
        Index("ix_obligation_cause_key", "cause_key"),
        Index("ix_obligation_state", "state", "due_on"),
    )
    lifecycle = LIFECYCLE

    kind: Mapped[str] = mapped_column(String(20))
    cadre_id: Mapped[str] = mapped_column(String(36), index=True)
    cause: Mapped[str] = mapped_column(String(20))
    cause_key: Mapped[str] = mapped_column(String(60))
    counted_from: Mapped[date]
    days: Mapped[int]
    working_days: Mapped[bool]
    calendar_known: Mapped[bool]
    occasions: Mapped[list[str]] = mapped_column(JSON)
    raised_on: Mapped[date]
    due_on: Mapped[date]
    stay_id: Mapped[str | None] = mapped_column(String(36))
    visit_id: Mapped[str | None] = mapped_column(String(36))
    met_on: Mapped[date | None]
    on_time: Mapped[bool | None]

    @property
    def note(self) -> str | None:
        """What a reader has to know of the deadline, in Chinese."""
        if self.calendar_known:
            return None
        return f"计算期限时{self.due_on.year}年的节假日安排尚未公布，按周一至周五为工作日计算"
