"""How outreach keeps what it knows of a cadre."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.mirror import Mirrored, MirroredCadre
from services.outreach.base import Base


class Cadre(MirroredCadre, Base):
    """A cadre, without a name: only what outreach's rules need."""

    __tablename__ = "cadre"

    liaison: Mapped[str | None] = mapped_column(String(50), index=True)
    hardship: Mapped[bool]
    living_alone: Mapped[bool]
    advanced_age: Mapped[bool]
    resettled: Mapped[bool]


class Flag(Base):
    """Since when, and until when, a cadre was in hardship or lived alone: each time is a row."""

    __tablename__ = "cadre_flag"

    cadre_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    flag: Mapped[str] = mapped_column(String(20), primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    until: Mapped[date | None]


class Milestone(Mirrored, Base):
    """A birthday or jubilee that the registry announced for a month, and may have taken back. `month` is its first day,
    `milestone` the registry's code ("age-80", "party-50").
    """

    __tablename__ = "milestone"

    cadre_id: Mapped[str] = mapped_column(String(36), index=True)
    milestone: Mapped[str] = mapped_column(String(20))
    month: Mapped[date]
    withdrawn: Mapped[bool]
