"""The copy of the cadres in activities."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongxia.cadres import mirror_of_cadres
from services.activities.cadres.model import Cadre

CADRES = mirror_of_cadres(Cadre)


def living(session: Session) -> int:
    """Return how many living cadres are known."""
    query = select(func.count()).select_from(Cadre)
    return session.scalar(query.where(Cadre.merged_into.is_(None), Cadre.deceased_on.is_(None))) or 0
