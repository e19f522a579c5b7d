"""What contradicts what in finance."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hongxia.contradictions import Found
from services.finance.aid.model import AidPayment
from services.finance.contradictions.model import CONTRADICTIONS, PAID_BUT_WITHDRAWN, PAID_UNASKED


def review(session: Session, payment: AidPayment) -> None:
    """Record a contradiction for a paid case that was withdrawn, or that nobody approved with this amount; resolve it
    once the money is back.
    """
    kinds = []
    if payment.state in ("paid", "proposed"):
        if payment.asked_fen != payment.amount_fen:
            kinds.append(PAID_UNASKED)
        elif payment.withdrawn:
            kinds.append(PAID_BUT_WITHDRAWN)
    found = [Found(kind, payment.id, "aid-payments", payment.id, payment.answered_on) for kind in kinds]
    CONTRADICTIONS.review(session, [payment.id], found)
