"""The kinds of contradictions in outreach."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.rules import ENTERED_TWICE

KINDS = Codes(
    {
        "after-death": "干部去世后的记录",
        "before-registration": "干部登记前的记录",
        "while-away": "干部转出期间的记录",
        ENTERED_TWICE: "档案合并后重复的记录",
        "aided-twice": "同一年度两次帮扶",
    }
)
