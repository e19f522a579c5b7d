"""How activities keeps what it knows of a cadre."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from hongxia.mirror import Mirrored
from services.activities.base import Base


class Cadre(Mirrored, Base):
    """A cadre, without a name: only what the rules of activities need. `left_on` and `returned_on` bound the latest
    time in which another bureau served the cadre.
    """

    __tablename__ = "cadre"

    registered_on: Mapped[date]
    deceased_on: Mapped[date | None]
    left_on: Mapped[date | None]
    returned_on: Mapped[date | None]
