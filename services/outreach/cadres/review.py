"""What depends on a cadre is looked at again when something about the cadre changes: stays, aid, obligations,
contradictions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from services.outreach.aid import follow as aid
from services.outreach.cadres.mirror import CADRES
from services.outreach.contradictions import rules as contradictions
from services.outreach.obligations import review as obligations
from services.outreach.stays import follow as stays

_COLLECTED = "outreach.cadres_to_review"


def review(session: Session, cadre_ids: Iterable[str], today: date) -> None:
    """Look again at what depends on some cadres: at once, or at the end of an import (see `collect`)."""
    collected: set[str] | None = session.info.get(_COLLECTED)
    if collected is not None:
        collected.update(cadre_ids)
        return
    session.flush()
    concerned = CADRES.people(session, cadre_ids)
    stays.follow(session, concerned)
    aid.follow(session, concerned, today)
    session.flush()
    obligations.review(session, concerned, today)
    contradictions.review(session, concerned)


def review_obligations(session: Session, cadre_ids: Iterable[str], today: date) -> None:
    """Look again at what visits are owed; enough after a record that the rules have just allowed: it contradicts
    nothing.
    """
    collected: set[str] | None = session.info.get(_COLLECTED)
    if collected is not None:
        collected.update(cadre_ids)
        return
    session.flush()
    obligations.review(session, CADRES.people(session, cadre_ids), today)


def collect(session: Session) -> None:
    """From now on only note which cadres are concerned: an import reviews each of them once, at its end."""
    session.info.setdefault(_COLLECTED, set())


def review_collected(session: Session, today: date) -> None:
    """Review what was noted since `collect`."""
    collected: set[str] = session.info.pop(_COLLECTED, set())
    if collected:
        review(session, collected, today)
