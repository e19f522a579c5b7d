"""How contradictions are stored, and which kinds there are."""

from __future__ import annotations

from hongxia import contradictions
from hongxia.codes import Codes
from hongxia.contradictions import ContradictionColumns
from hongxia.rules import ENTERED_TWICE
from services.activities.base import Base

KINDS = Codes(
    {
        "cadre-deceased": "日期在干部去世之后",
        "before-registration": "日期早于干部的登记日期",
        "cadre-transferred": "日期在干部转出期间",
        ENTERED_TWICE: "合并前的两份档案下有相同的作品",
    }
)
"""The first three are the codes with which such a record would be refused today."""


class Contradiction(ContradictionColumns, Base):
    """A record that what is known of its cadre does not allow; `scope` is the cadre's id in the record."""

    __tablename__ = "contradiction"


CONTRADICTIONS = contradictions.declare("activities", Contradiction, KINDS)
