"""How contradictions are stored, and which kinds there are."""

from __future__ import annotations

from hongxia import contradictions
from hongxia.codes import Codes
from hongxia.contradictions import ContradictionColumns
from services.finance.base import Base

PAID_BUT_WITHDRAWN = "paid-but-withdrawn"
PAID_UNASKED = "paid-unasked"
KINDS = Codes(
    {PAID_BUT_WITHDRAWN: "帮扶申请已撤销，款项已拨付", PAID_UNASKED: "已拨付的款项没有对应的批准，或金额与批准不同"}
)


class Contradiction(ContradictionColumns, Base):
    """A contradiction of finance; `scope` is the aid case that it is about."""

    __tablename__ = "contradiction"


CONTRADICTIONS = contradictions.declare("finance", Contradiction, KINDS)
