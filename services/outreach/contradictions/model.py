"""How contradictions are stored."""

from __future__ import annotations

from hongxia.contradictions import ContradictionColumns
from services.outreach.base import Base


class Contradiction(ContradictionColumns, Base):
    """A record that another one does not allow; its scope is a cadre."""

    __tablename__ = "contradiction"
