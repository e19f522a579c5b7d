"""How contradictions are stored, and which kinds there are."""

from __future__ import annotations

from hongxia import contradictions
from hongxia.codes import Codes
from hongxia.contradictions import ContradictionColumns
from hongxia.rules import ENTERED_TWICE
from services.outreach.base import Base

KINDS = Codes(
    {
        "after-death": "干部去世后的记录",
        "before-registration": "干部登记前的记录",
        "while-away": "干部转出期间的记录",
        ENTERED_TWICE: "档案合并后重复的记录",
        "aided-twice": "同一年度两次帮扶",
    }
)


class Contradiction(ContradictionColumns, Base):
    """A record that another one does not allow; `scope` is the cadre that it is about."""

    __tablename__ = "contradiction"


CONTRADICTIONS = contradictions.declare("outreach", Contradiction, KINDS)
