"""What contradicts what in finance."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hongxia.contradictions import Found
from services.finance.aid.model import AidPayment
from services.finance.contradictions.model import CONTRADICTIONS, PAID_BUT_WITHDRAWN


def review(session: Session, payment: AidPayment) -> None:
    """Record a contradiction for a paid case that was withdrawn; resolve it once the money is back."""
    found = []
    if payment.withdrawn and payment.state in ("paid", "proposed"):
        found = [Found(PAID_BUT_WITHDRAWN, payment.id, "aid-payments", payment.id, payment.answered_on)]
    CONTRADICTIONS.review(session, [payment.id], found)
