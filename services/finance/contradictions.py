"""The contradictions of finance: money that was paid for an aid case which outreach has withdrawn since."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hongxia import contradictions
from hongxia.codes import Codes
from hongxia.contradictions import ContradictionColumns, Found
from services.finance.aid.model import AidPayment
from services.finance.base import Base

PAID_BUT_WITHDRAWN = "paid-but-withdrawn"
KINDS = Codes({PAID_BUT_WITHDRAWN: "帮扶申请已撤销，款项已拨付"})


class Contradiction(ContradictionColumns, Base):
    """A contradiction; its scope is the aid case."""

    __tablename__ = "contradiction"


CONTRADICTIONS = contradictions.declare("finance", Contradiction, KINDS)


def review(session: Session, payment: AidPayment) -> None:
    """Record a contradiction for a paid case that was withdrawn; resolve it once the money is back."""
    found = []
    if payment.withdrawn and payment.state in ("paid", "proposed"):
        found = [Found(PAID_BUT_WITHDRAWN, payment.id, "aid-payments", payment.id, payment.answered_on)]
    CONTRADICTIONS.review(session, [payment.id], found)
