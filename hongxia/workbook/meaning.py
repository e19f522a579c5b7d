"""From what a file holds in a cell to its content: a text, number, truth value, date, or why it is none of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from openpyxl.styles.numbers import is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel, from_ISO8601

from hongxia.workbook import grid
from hongxia.workbook.content import EMPTY_RESULT, ERROR_VALUE, NO_DATE, NO_RESULT, PICTURE, Formatted, Unreadable
from hongxia.workbook.grid import Packed
from hongxia.workbook.numberformat import GENERAL, TEXT, UNKNOWN, builtin, is_date, shows_whole_date

Cells = Mapping[int, object]
"""What a row holds: column index from 0 → content; empty cells are left out."""

_NO_SUCH_DAY = 60  # 29 February 1900, which only Excel knows
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_TRUTH = {"1": True, "true": True, "0": False, "false": False}
_WITHOUT_CONTENT: Mapping[str, Unreadable] = {
    grid.NO_RESULT: NO_RESULT,
    grid.EMPTY_RESULT: EMPTY_RESULT,
    grid.PICTURE: PICTURE,
    "e": ERROR_VALUE,
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the cells of all sheets share: the number format of each style, and the day that is number 0."""

    formats: Sequence[str]
    epoch: datetime

    @classmethod
    def of(cls, styles: Sequence[int], codes: Mapping[int, str], *, counts_from_1904: bool) -> Meaning:
        """Return the same from the numbers of the formats and the codes that the file adds to Excel's own."""
        epoch = CALENDAR_MAC_1904 if counts_from_1904 else CALENDAR_WINDOWS_1900
        return cls([codes.get(number) or builtin(number) for number in styles], epoch)

    def content(self, packed: Packed) -> object:
        """What a cell holds. Raises ValueError or KeyError for what no program writes."""
        if isinstance(packed, str):
            return packed
        kind, text, style = packed
        if kind in _WITHOUT_CONTENT:
            return _WITHOUT_CONTENT[kind]
        code = self._code(style)
        if kind == "str":
            return text if code in (GENERAL, TEXT) else Formatted(text, code)
        if kind == "n":
            return _number(text, code, self.epoch)
        if kind == "b":
            return _TRUTH[text.strip().lower()]
        if kind == "d":
            return from_ISO8601(text)  # type: ignore[no-untyped-call]
        raise ValueError(f"a cell of kind {kind[:20]}")

    def _code(self, style: int | None) -> str:
        if style is None:
            return GENERAL
        if 0 <= style < len(self.formats):
            return self.formats[style]
        return UNKNOWN if style else GENERAL


def _number(text: str, code: str, epoch: datetime) -> object:
    """A number as it is, a date where its format says so, or a number with a format that is still to be looked at."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError("no number")
    value = float(text) if any(mark in text for mark in ".eE") else int(text)
    if code in (GENERAL, TEXT):
        return value
    as_date, whole, elapsed = _kind_of_date(code)
    if not as_date:
        return Formatted(value, code)
    if value < 0 or (epoch == CALENDAR_WINDOWS_1900 and _NO_SUCH_DAY <= value < _NO_SUCH_DAY + 1):
        return NO_DATE
    try:
        moment: Any = from_excel(value, epoch, timedelta=elapsed)
    except (OverflowError, ValueError):
        return NO_DATE
    return moment if whole or not isinstance(moment, datetime) else Formatted(moment, code)


@lru_cache(maxsize=1024)
def _kind_of_date(code: str) -> tuple[bool, bool, bool]:
    """Whether a format shows a date or time, shows year, month and day, and counts hours instead."""
    return is_date(code), shows_whole_date(code), bool(is_timedelta_format(code))
