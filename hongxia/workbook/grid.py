"""One sheet's part of a file, read row by row: what its cells hold, and what lies over them (merged, hidden).

openpyxl's readers give either a cell's formula or its stored result, drop number formats, and know of merged cells and
hidden rows only when the whole sheet is in memory; a sheet of 200,000 rows is read here in one pass. Runs in the
process that reads files: what a cell means is found out by hongxia.workbook.meaning, outside of it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from hongxia.workbook.limits import (
    LAST_ROW,
    LONGEST_NUMBER,
    MOST_CELLS,
    MOST_COLUMN_RANGES,
    MOST_COLUMNS,
    MOST_FILLED_ROWS,
    MOST_MERGED,
    MOST_ROW_CHARACTERS,
    MOST_SPILLED,
    MOST_TEXT,
    MOST_UNUSED,
    TOO_LONG_TEXT,
    UNREADABLE,
    NotAWorkbook,
)
from hongxia.workbook.markup import Attributes, Budget, Pass

Packed = str | tuple[str, str, int | None]
"""A cell's content: a text that is shown as it is, or (kind, text, style). The kinds are those of the file (ECMA-376
part 1, 18.18.11), with shared and inline strings as "str", and the three below.
"""
Line = tuple[int, list[tuple[int, Packed]]]
"""A row that has content: its number from 1, and (column from 0, content) of its cells."""
Box = tuple[int, int, int, int]
"""First and last row from 1, first and last column from 0."""

NO_RESULT = "no result"
EMPTY_RESULT = "empty result"
PICTURE = "picture"

INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_ESCAPED = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})", re.ASCII)
_RANGE = re.compile(r"\$?([A-Za-z]{1,3})?\$?([1-9][0-9]{0,6})?(?::\$?([A-Za-z]{1,3})?\$?([1-9][0-9]{0,6})?)?", re.ASCII)


class Grid(Pass):
    """One pass over a sheet. What lies over the cells is known once `rows` is at its end."""

    texts = frozenset({"v", "f", "t"})

    def __init__(self, title: str, strings: Sequence[str], plain: Container[int | None], budget: Budget) -> None:
        super().__init__(budget)
        self.merged: list[tuple[Box, str]] = []
        self.hidden_rows: list[int] = []
        self.hidden_columns: list[tuple[int, int]] = []
        self._title = title
        self._strings = strings
        self._plain = plain
        self._ready: list[Line] = []
        self._filled = 0
        self._unused = 0
        self._last = 0
        self._row: Attributes = {}
        self._number = 0
        self._cells: dict[int, Packed] = {}
        self._count = 0
        self._characters = 0
        self._column = -1
        self._cell: Attributes = {}
        self._value: str | None = None
        self._formula: str | None = None
        self._inline: list[str] | None = None
        self._spilled: list[Box] = []
        self._claimed = 0

    def rows(self, stream: object) -> Iterator[Line]:
        """Number and content, row by row, rows without content left out. Raises NotAWorkbook."""
        try:
            for _ in self.over(stream):
                ready, self._ready = self._ready, []
                yield from ready
            yield from self._between(max((last for _, last, _, _ in self._spilled), default=0) + 1)
        except (NotAWorkbook, MemoryError):
            raise
        except Exception as error:  # whatever the malformed part makes the parsers of XML and zip stumble over
            raise NotAWorkbook(UNREADABLE) from error

    def opened(self, name: str, attributes: Attributes) -> None:
        """See Pass."""
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif name == "is":
            self._inline = []
        elif name == "f":
            self._note_spilled(attributes)
        elif name == "col":
            self._note_column(attributes)
        elif name == "mergeCell":
            self._note_merged(attributes)
        elif name not in self.texts:
            self._unused += 1
            if self._unused > MOST_UNUSED:
                raise NotAWorkbook(f"工作表“{self._title}”中的内容过多，请把数据粘贴到空白模板中再导入")

    def closed(self, name: str, text: str) -> None:
        """See Pass."""
        if name == "v":
            self._value = text
        elif name == "f":
            self._formula = text
        elif name == "t":
            if self._inline is not None and (self.path[-1] == "is" or self.path[-2:] == ["is", "r"]):
                self._inline.append(unescape(text))
        elif name == "c":
            if self.path[-1:] == ["row"]:
                self._end_cell()
        elif name == "row":
            self._end_row()

    def _refuse(self, what: str) -> NotAWorkbook:
        return NotAWorkbook(f"工作表“{self._title}”的{what}，请使用模板填写")

    def _begin_row(self, attributes: Attributes) -> None:
        number = int(attributes.get("r") or self._last + 1)
        if number > LAST_ROW:
            raise self._refuse("行过多")
        if number <= self._last or self._number:
            raise NotAWorkbook(UNREADABLE)  # a row that is there twice: one of the two would be dropped
        self._row, self._number, self._cells = attributes, number, {}
        self._count, self._characters, self._column = 0, 0, -1

    def _begin_cell(self, attributes: Attributes) -> None:
        self._count += 1
        if self._count > MOST_CELLS:
            raise self._refuse("列过多")
        self._cell, self._value, self._formula, self._inline = attributes, None, None, None

    def _end_cell(self) -> None:
        reference = self._cell.get("r")
        if reference:
            row, self._column = _place(reference)
            if row != self._number:
                raise NotAWorkbook(UNREADABLE)
        else:
            self._column += 1
        content = self._content()
        if content is None:
            return
        if self._column >= MOST_COLUMNS:
            raise self._refuse("列过多")
        if self._column in self._cells:
            raise NotAWorkbook(UNREADABLE)
        self._cells[self._column] = content
        self._characters += len(content if isinstance(content, str) else content[1])
        if self._characters > MOST_ROW_CHARACTERS:
            raise self._refuse(f"第{self._number}行文字过多")

    def _content(self) -> Packed | None:
        if self._formula is not None and "DISPIMG(" in self._formula:  # how WPS puts a picture into a cell
            return PICTURE, "", None
        kind = self._cell.get("t", "n")
        written = self._cell.get("s")
        style = int(written) if written else None
        if kind == "inlineStr" and self._inline is not None:
            return self._text("".join(self._inline), style)
        if not self._value:
            if self._formula is None:
                return None
            return (EMPTY_RESULT if kind == "str" else NO_RESULT), "", None
        if kind == "s":
            index = int(self._value)
            if index < 0:
                raise ValueError("a shared string below the first")
            return self._text(self._strings[index], style)
        if kind in ("str", "inlineStr"):
            return self._text(unescape(self._value), style)
        if len(self._value) > LONGEST_NUMBER:
            raise NotAWorkbook(UNREADABLE)
        return kind, self._value, style

    def _text(self, text: str, style: int | None) -> Packed:
        if len(text) > MOST_TEXT:
            raise NotAWorkbook(TOO_LONG_TEXT)
        return text if style in self._plain else ("str", text, style)

    def _end_row(self) -> None:
        number, cells = self._number, self._cells
        self._ready += self._between(number)
        self._last, self._number = number, 0
        self._fill_spilled(number, cells)
        if not cells:
            return
        self._filled += 1
        if self._filled > MOST_FILLED_ROWS:
            raise self._refuse("行过多")
        if not _visible(self._row, "ht"):
            self.hidden_rows.append(number)
        self._ready.append((number, list(cells.items())))

    def _note_column(self, attributes: Attributes) -> None:
        if not _visible(attributes, "width"):
            self.hidden_columns.append((int(attributes.get("min", "0")) - 1, int(attributes.get("max", "0")) - 1))
        if len(self.hidden_columns) > MOST_COLUMN_RANGES:
            raise self._refuse("列过多")

    def _note_merged(self, attributes: Attributes) -> None:
        text = attributes.get("ref", "")
        self.merged.append((box_of(text), text.replace("$", "")))
        if len(self.merged) > MOST_MERGED:
            raise NotAWorkbook(f"工作表“{self._title}”的合并单元格超过{MOST_MERGED}处，请取消合并后再导入")

    def _note_spilled(self, attributes: Attributes) -> None:
        """Remember the cells that a formula for several cells lays claim to."""
        if attributes.get("t") not in ("array", "dataTable") or not attributes.get("ref"):
            return
        box = first_row, last_row, first_column, last_column = box_of(attributes["ref"])
        if (first_row, first_column) == (last_row, last_column):
            return
        self._spilled.append(box)
        rows = last_row - min(self._number, first_row) + 1  # also those above it: each of them looks at all formulas
        self._claimed += rows * max(1, min(last_column, MOST_COLUMNS) - first_column + 1)
        if self._claimed > MOST_SPILLED:
            raise NotAWorkbook(f"工作表“{self._title}”的数组公式占用的单元格过多，请粘贴为数值后再导入")

    def _between(self, number: int) -> Iterator[Line]:
        """Rows that the file leaves out although a formula above says that it fills them."""
        for missing in range(self._last + 1, number):
            if not self._spilled:
                return
            cells: dict[int, Packed] = {}
            self._fill_spilled(missing, cells)
            if cells:
                yield missing, list(cells.items())

    def _fill_spilled(self, number: int, cells: dict[int, Packed]) -> None:
        """Mark the cells that belong to a formula for several cells and have no result."""
        if not self._spilled:
            return
        self._spilled = [box for box in self._spilled if box[1] >= number]
        for first_row, _, first_column, last_column in self._spilled:
            if first_row <= number:
                for column in range(first_column, min(last_column, MOST_COLUMNS - 1) + 1):
                    cells.setdefault(column, (NO_RESULT, "", None))


def is_blank(content: Packed) -> bool:
    """Whether a cell of an undeclared sheet may be passed over: nothing, or only blanks."""
    kind, text, _ = ("str", content, None) if isinstance(content, str) else content
    if kind == "str":
        return not text.translate(INVISIBLE).split()
    return kind == EMPTY_RESULT


def box_of(text: str) -> Box:
    """The cells of a range such as A3:A7, $B:$D or 2:5. Raises ValueError for what is no range."""
    match = _RANGE.fullmatch(text)
    if not match or not (match[1] or match[2]) or (":" in text and not (match[3] or match[4])):
        raise ValueError("no range")
    left, top = match[1], match[2]
    right, bottom = (match[3], match[4]) if ":" in text else (left, top)
    box = (int(top or 1), int(bottom or LAST_ROW), _column_of(left or "A"), _column_of(right or "XFD"))
    if box[0] > box[1] or box[2] > box[3] or box[1] > LAST_ROW or box[3] >= MOST_CELLS:
        raise ValueError("no range")
    return box


def _place(reference: str) -> tuple[int, int]:
    """The row from 1 and the column from 0 of a cell such as B7. Raises ValueError."""
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise ValueError("no reference")
    return int(match[2]), _column_of(match[1])


def _column_of(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def unescape(text: str) -> str:
    """`_x000D_` as the character that it stands for; `_x005F_` is the underscore that keeps one from being read so.

    ECMA-376 part 1, 22.9.2.19 (ST_Xstring): the characters are UTF-16, so two escapes may be one character.
    """
    return _ESCAPED.sub(_unescaped, text) if "_x" in text else text


def _unescaped(match: re.Match[str]) -> str:
    units = b"".join(int(unit, 16).to_bytes(2, "little") for unit in re.findall(r"_x(.{4})_", match[0]))
    return units.decode("utf-16-le", "surrogatepass")  # half a pair stays one, and is refused as not printable


def _visible(attributes: Attributes, size: str) -> bool:
    """Whether a row or column is shown: not hidden, and not drawn down to nothing."""
    if attributes.get("hidden", "0").lower() in ("1", "true"):
        return False
    stated = attributes.get(size)
    return stated is None or float(stated) > 0
