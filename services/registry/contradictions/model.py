"""How contradictions are stored, and which kinds there are."""

from __future__ import annotations

from hongxia import contradictions
from hongxia.codes import Codes
from hongxia.contradictions import ContradictionColumns
from services.registry.base import Base

KINDS = Codes(
    {
        "change-after-death": "变动日期在去世之后",
        "change-while-away": "变动日期在转出期间",
        "transfer-after-death": "调转日期在去世之后",
        "merged-registered-earlier": "已合并的记录登记日期更早",
        "merged-death-differs": "已合并的记录去世日期不同",
        "merged-away-differs": "已合并的记录转出期间，现行记录没有转出",
    }
)


class Contradiction(ContradictionColumns, Base):
    """A contradiction of the register; `scope` is the cadre that it is about."""

    __tablename__ = "contradiction"


CONTRADICTIONS = contradictions.declare("registry", Contradiction, KINDS)
