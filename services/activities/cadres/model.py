"""How activities keeps what it knows of a cadre."""

from __future__ import annotations

from hongxia.cadres import CadreColumns
from services.activities.base import Base


class Cadre(CadreColumns, Base):
    """A cadre, without a name: only what the rules of activities need."""

    __tablename__ = "cadre"
