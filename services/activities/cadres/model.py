"""How activities keeps what it knows of a cadre."""

from __future__ import annotations

from hongxia.mirror import MirroredCadre
from services.activities.base import Base


class Cadre(MirroredCadre, Base):
    """A cadre, without a name: only what the rules of activities need."""

    __tablename__ = "cadre"
