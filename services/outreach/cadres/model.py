"""How outreach keeps what it knows of a cadre."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.mirror import Mirrored
from services.outreach.base import Base


class Cadre(Mirrored, Base):
    """A cadre, without a name: only what outreach's rules need. `left_on` and `returned_on` bound the latest time in
    which another bureau served the cadre.
    """

    __tablename__ = "cadre"

    registered_on: Mapped[date]
    deceased_on: Mapped[date | None]
    left_on: Mapped[date | None]
    returned_on: Mapped[date | None]
    liaison: Mapped[str | None] = mapped_column(String(50), index=True)
    hardship: Mapped[bool]
    living_alone: Mapped[bool]
