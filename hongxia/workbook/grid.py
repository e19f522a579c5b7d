"""One sheet's part of a file, read row by row: values, and what lies over them (merged cells, hidden rows and columns).

openpyxl's readers give either a cell's formula or its stored result, drop number formats, and know of merged cells and
hidden rows only when the whole sheet is in memory; a sheet of 200,000 rows is read here in one pass. Elements are
known by their local names, so that it does not matter which prefix or which edition of the namespace a program writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from xml.etree.ElementTree import Element, iterparse

from openpyxl.styles.numbers import is_timedelta_format
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries
from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900, from_excel, from_ISO8601

from hongxia.workbook.content import EMPTY_RESULT, ERROR_VALUE, NO_DATE, NO_RESULT, PICTURE, Formatted
from hongxia.workbook.errors import NotAWorkbook
from hongxia.workbook.numberformat import GENERAL, TEXT, UNKNOWN, is_date, shows_whole_date

MOST_COLUMNS = 1_000
MOST_CELLS = 16_384  # Excel's own last column
LAST_ROW = 1_048_576  # Excel's own last row

UNREADABLE = "文件已损坏或不是 Excel 工作簿，请用 Excel 打开后另存为 .xlsx 再试"

_NO_SUCH_DAY = 60  # 29 February 1900, which only Excel knows
_ESCAPED = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)

Cells = Mapping[int, object]
"""What a row holds: column index from 0 → content; empty cells are left out."""


class Readable(Protocol):
    """An opened part of the file."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells; rows from 1, columns from 0, both ends included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int
    text: str  # as in "A3:A7"

    @classmethod
    def of(cls, text: str) -> Area:
        """Raises ValueError for what is no range."""
        left, top, right, bottom = range_boundaries(text)
        return cls(top or 1, bottom or LAST_ROW, (left or 1) - 1, (right or MOST_CELLS) - 1, text.replace("$", ""))

    @property
    def single(self) -> bool:
        """Whether it is one cell only."""
        return (self.first_row, self.first_column) == (self.last_row, self.last_column)

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell lies inside."""
        return self.first_row <= row <= self.last_row and self.first_column <= column <= self.last_column


@dataclass(frozen=True, slots=True)
class Book:
    """What the cells of all sheets share: strings, the number format of each style, and the day that is number 0."""

    strings: Sequence[str]
    formats: Sequence[str]
    epoch: datetime


@dataclass
class Grid:
    """One pass over a sheet. What lies over the cells is known once `rows` is at its end."""

    title: str
    book: Book
    merged: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    _hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    _spilled: list[Area] = field(default_factory=list)
    _last: int = 0
    _cells: int = 0

    def hides_column(self, index: int) -> bool:
        """Whether the column is hidden, or has no width."""
        return any(first <= index <= last for first, last in self._hidden_columns)

    def rows(self, stream: Readable) -> Iterator[tuple[int, Cells]]:
        """Row number and content, row by row, rows without content left out. Raises NotAWorkbook."""
        try:
            yield from self._rows(stream)
        except NotAWorkbook:
            raise
        except Exception as error:  # whatever the malformed part makes the parsers of XML, zip and dates stumble over
            raise NotAWorkbook(UNREADABLE) from error

    def _rows(self, stream: Readable) -> Iterator[tuple[int, Cells]]:
        for _, element in iterparse(stream):
            name = local(element.tag)
            if name == "c":
                self._count_cell()
            elif name == "row":
                number, cells = self._row(element)
                element.clear()
                yield from self._between(number)
                self._last = number
                if cells:
                    yield number, cells
            elif name == "col" and not _visible(element, "width"):
                self._hidden_columns.append((int(element.get("min", "0")) - 1, int(element.get("max", "0")) - 1))
            elif name == "mergeCell":
                self.merged.append(Area.of(element.get("ref", "")))
        yield from self._between(max((area.last_row for area in self._spilled), default=0) + 1)

    def _count_cell(self) -> None:
        self._cells += 1
        if self._cells > MOST_CELLS:
            raise NotAWorkbook(f"工作表“{self.title}”的列过多，请使用模板填写")

    def _row(self, element: Element) -> tuple[int, dict[int, object]]:
        self._cells = 0
        number = int(element.get("r") or self._last + 1)
        if number > LAST_ROW:
            raise NotAWorkbook(f"工作表“{self.title}”的行过多，请使用模板填写")
        if number <= self._last:
            raise NotAWorkbook(UNREADABLE)  # a row that is there twice: one of the two would be dropped
        cells: dict[int, object] = {}
        column = -1
        for child in element:
            if local(child.tag) != "c":
                continue
            column = self._column(child, number, column)
            content = self._content(child)
            if content is None:
                continue
            if column >= MOST_COLUMNS:
                raise NotAWorkbook(f"工作表“{self.title}”的列过多，请使用模板填写")
            if column in cells:
                raise NotAWorkbook(UNREADABLE)
            cells[column] = content
        self._fill_spilled(number, cells)
        if cells and not _visible(element, "ht"):
            self.hidden_rows.add(number)
        return number, cells

    def _column(self, cell: Element, row: int, previous: int) -> int:
        reference = cell.get("r")
        if not reference:
            return previous + 1
        stated, column = coordinate_to_tuple(reference)
        if stated != row:
            raise NotAWorkbook(UNREADABLE)
        return column - 1

    def _between(self, number: int) -> Iterator[tuple[int, Cells]]:
        """Rows that the file leaves out although a formula above says that it fills them."""
        if not self._spilled:
            return
        for missing in range(self._last + 1, number):
            cells: dict[int, object] = {}
            self._fill_spilled(missing, cells)
            if cells:
                yield missing, cells

    def _fill_spilled(self, number: int, cells: dict[int, object]) -> None:
        """Mark the cells that belong to a formula for several cells and have no result."""
        if self._spilled:
            self._spilled = [area for area in self._spilled if area.last_row >= number]
            for area in self._spilled:
                if area.first_row <= number:
                    for column in range(area.first_column, min(area.last_column, MOST_COLUMNS - 1) + 1):
                        cells.setdefault(column, NO_RESULT)

    def _content(self, cell: Element) -> object | None:
        parts = {local(child.tag): child for child in cell}
        formula = parts.get("f")
        if formula is not None and formula.get("t") in ("array", "dataTable") and formula.get("ref"):
            area = Area.of(formula.get("ref", ""))
            if not area.single:
                self._spilled.append(area)
        if formula is not None and "DISPIMG(" in (formula.text or ""):  # how WPS puts a picture into a cell
            return PICTURE
        kind = cell.get("t", "n")
        style = cell.get("s")
        code = self._code(int(style)) if style else GENERAL
        if kind == "inlineStr" and "is" in parts:
            return _text(string_of(parts["is"]), code)
        text = parts["v"].text if "v" in parts else None
        if not text:
            if formula is None:
                return None
            return EMPTY_RESULT if kind == "str" else NO_RESULT
        return self._typed(kind, text, code)

    def _typed(self, kind: str, text: str, code: str) -> object:
        if kind == "n":
            return _number(text, code, self.book.epoch)
        if kind == "s":
            index = int(text)
            if index < 0:
                raise ValueError("a shared string below the first")
            return _text(self.book.strings[index], code)
        if kind in ("str", "inlineStr"):
            return _text(unescape(text), code)
        if kind == "b":
            return {"1": True, "true": True, "0": False, "false": False}[text.strip().lower()]
        if kind == "d":
            return from_ISO8601(text)  # type: ignore[no-untyped-call]
        if kind == "e":
            return ERROR_VALUE
        raise ValueError(f"a cell of kind {kind[:20]}")

    def _code(self, style: int) -> str:
        if 0 <= style < len(self.book.formats):
            return self.book.formats[style]
        return UNKNOWN if style else GENERAL


@lru_cache(maxsize=512)
def local(tag: str) -> str:
    """An element's or attribute's name without its namespace."""
    return tag.rpartition("}")[2]


def string_of(element: Element) -> str:
    """The text of a string with or without runs of different fonts; what says how it is pronounced is left out."""
    pieces: list[str] = []
    for child in element:
        if local(child.tag) == "t":
            pieces.append(unescape(child.text or ""))
        elif local(child.tag) == "r":
            pieces += [unescape(part.text or "") for part in child if local(part.tag) == "t"]
    return "".join(pieces)


def unescape(text: str) -> str:
    """`_x000D_` as the character that it stands for; `_x005F_` is the underscore that keeps one from being read so.

    ECMA-376 part 1, 22.9.2.19 (ST_Xstring): the characters are UTF-16, so two escapes may be one character.
    """
    return _ESCAPED.sub(_unescaped, text) if "_x" in text else text


def _unescaped(match: re.Match[str]) -> str:
    units = b"".join(int(unit, 16).to_bytes(2, "little") for unit in re.findall(r"_x(.{4})_", match[0]))
    return units.decode("utf-16-le", "surrogatepass")  # half a pair stays one, and is refused as not printable


def _text(text: str, code: str) -> str | Formatted:
    return text if code in (GENERAL, TEXT) else Formatted(text, code)


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


def _visible(element: Element, size: str) -> bool:
    """Whether a row or column is shown: not hidden, and not drawn down to nothing."""
    if element.get("hidden", "0").lower() in ("1", "true"):
        return False
    stated = element.get(size)
    return stated is None or float(stated) > 0
