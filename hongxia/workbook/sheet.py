"""One sheet of a file: its header, its rows, and what lies over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from openpyxl.utils.cell import get_column_letter

from hongxia.workbook.cells import BadCell, Span, is_blank, title_text, value_of
from hongxia.workbook.content import Formatted, Unreadable
from hongxia.workbook.declare import Column, Kind, Row, Sheet, Value
from hongxia.workbook.errors import MOST_ERRORS, CellError
from hongxia.workbook.layout import same_title
from hongxia.workbook.meaning import Cells
from hongxia.workbook.process import Area, RawSheet

MOST_ROWS = 200_000
LONG_GAP = 50
"""So many empty rows between two filled ones are worth a note: what follows may have been forgotten there."""
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a sheet that is no error, but that nobody should overlook; Chinese."""

    sheet_zh: str
    text_zh: str


class SheetReader:
    """Reads one sheet: the rows that are right, an error for all else, and notes."""

    def __init__(
        self, sheet: Sheet, raw: RawSheet, span: Span, keys: dict[tuple[Value, ...], int], most_errors: int
    ) -> None:
        self.sheet = sheet
        self.errors: list[CellError] = []
        self.notes: list[Note] = []
        self._raw = raw
        self._overlay = raw.overlay
        self._span = span
        self._most_errors = most_errors
        self._seen = [(sheet.key, keys)] + [(fields, {}) for fields in sheet.unique]
        self._is_as_declared = False
        self._layout: dict[int, Column] = {}
        self._absent: dict[str, Value] = {}
        self._stray: set[int] = set()
        self._filled: list[int] = []
        self._shown_in_part: dict[str, list[int]] = {}

    def read(self, pause: Callable[[], None]) -> list[Row]:
        """The rows without errors. Raises NotAWorkbook if the sheet turns out to be broken."""
        lines = self._raw.rows(pause=pause)
        number, header = next(lines, (1, {}))
        self._is_as_declared = self._read_header(header if number == 1 else {})
        rows = list(self._read_rows(lines)) if self._is_as_declared else []
        self._raw.finish()  # what is merged or hidden is known only at the sheet's end
        self._notice_merged()
        self._note_hidden()
        self._note_gaps()
        self._note_dates()
        return rows

    def _read_header(self, header: Cells) -> bool:
        """Find the column of each header; False, with errors noted, if the header row is not as declared."""
        taken: set[str] = set()
        for index in sorted(header):
            cell = header[index]
            title = title_text(cell)
            column = next((column for column in self.sheet.columns if same_title(title, column.title_zh)), None)
            if isinstance(cell, Unreadable | Formatted) and not title:
                self._refuse(1, "", f"{get_column_letter(index + 1)}1 的表头无法读取，请直接填写文字")
            elif not title:
                continue
            elif column is None:
                self._refuse(1, title[:50], "模板中没有这一列")
            elif column.field in taken:
                self._refuse(1, column.title_zh, "这一列出现了两次")
            else:
                taken.add(column.field)
                self._layout[index] = column
        for column in self.sheet.columns:
            if column.field in taken:
                continue
            if column.required:
                self._refuse(1, column.title_zh, "缺少这一列（表头应在第1行）")
            elif column.kept:
                self._absent[column.field] = column.default
        return not self.errors

    def _read_rows(self, lines: Iterator[tuple[int, Cells]]) -> Iterator[Row]:
        for number, cells in lines:
            if self._is_empty(cells):
                continue
            self._filled.append(number)
            row = self._read_row(number, cells)
            if row is not None:
                yield row
            if len(self._filled) > MOST_ROWS:
                self._refuse(0, "", f"超过{MOST_ROWS}行，请分成几个文件")
                return
            if len(self.errors) > self._most_errors:
                return

    def _is_empty(self, cells: Cells) -> bool:
        """Whether a row holds nothing. Formulas without a result in columns that are not read make no row."""
        return all(is_blank(cell) or (isinstance(cell, Unreadable) and self._is_help(at)) for at, cell in cells.items())

    def _is_help(self, index: int) -> bool:
        return index in self._layout and not self._layout[index].kept

    def _read_row(self, number: int, cells: Cells) -> Row | None:
        """The row, or None if it holds an error."""
        before = len(self.errors)
        values = dict(self._absent)
        for index, column in self._layout.items():
            if not column.kept:
                continue
            raw = cells.get(index)
            try:
                values[column.field] = value_of(column, raw, self._span)
            except BadCell as error:
                self._refuse(number, column.title_zh, str(error))
            if column.kind is Kind.DATE and isinstance(raw, Formatted) and isinstance(raw.value, date):
                self._shown_in_part.setdefault(column.title_zh, []).append(number)
        self._notice_stray_cells(number, cells)
        self._notice_doubles(number, values)
        return Row(number, values) if len(self.errors) == before else None

    def _refuse(self, number: int, column_title: str, message: str) -> None:
        self.errors.append(CellError(self.sheet.title_zh, number, column_title, message))

    def _notice_stray_cells(self, number: int, cells: Cells) -> None:
        for index, cell in cells.items():
            if index not in self._layout and index not in self._stray and not is_blank(cell):
                self._stray.add(index)
                self._refuse(number, "", f"第{get_column_letter(index + 1)}列有内容但没有表头")

    def _notice_doubles(self, number: int, values: dict[str, Value]) -> None:
        for fields, seen in self._seen:
            natural = fields is self.sheet.key
            key = self.sheet.key_of(values) if natural else tuple(values.get(name) for name in fields)
            if None in key:
                continue
            first = seen.setdefault(key, number)
            if first != number:
                titles = "、".join(self.sheet.column(name).title_zh for name in fields)
                self._refuse(number, self.sheet.column(fields[0]).title_zh, f"与第{first}行重复（{titles}）")

    def _notice_merged(self) -> None:
        """One error for each range that covers headers or cells that are read; it stands for the errors inside it."""
        merged = [area for area in self._overlay.merged if not area.single]
        headers = [area for area in merged if area.first_row == 1]
        if headers and (not self._is_as_declared or any(self._touches(area) for area in headers)):
            message = "{} 是合并单元格：表头应在第1行，一列一个，请取消合并"
            self.errors = [self._error(1, "", message.format(area.text)) for area in headers]
            return
        last = self._filled[-1] if self._filled else 1
        touching = [area for area in merged if area.first_row <= last and self._touches(area)]
        areas = touching[: MOST_ERRORS + 1]  # of more errors nobody sees any
        if areas:
            at = {column.title_zh: index for index, column in self._layout.items()}
            others = [
                error
                for error in self.errors
                if not any(area.holds(error.row, at.get(error.column_title, -1)) for area in areas)
            ]
            self.errors = [self._of_merged(area) for area in areas] + others

    def _touches(self, area: Area) -> bool:
        return any(
            column.kept and area.first_column <= index <= area.last_column for index, column in self._layout.items()
        )

    def _of_merged(self, area: Area) -> CellError:
        first = min(index for index in self._layout if area.first_column <= index <= area.last_column)
        way = "逐行填写" if area.last_row > area.first_row else "逐格填写"
        return self._error(area.first_row, self._layout[first].title_zh, f"{area.text} 是合并单元格，请取消合并并{way}")

    def _error(self, number: int, column_title: str, message: str) -> CellError:
        return CellError(self.sheet.title_zh, number, column_title, message)

    def _note(self, text: str) -> None:
        self.notes.append(Note(self.sheet.title_zh, text))

    def _note_hidden(self) -> None:
        title = self.sheet.title_zh
        if not self._filled:
            return
        if self._raw.hidden:
            self._note(f"“{title}”表是隐藏的工作表，其中 {len(self._filled)} 行已一并读取")
        columns = [c.title_zh for at, c in self._layout.items() if c.kept and self._overlay.hides_column(at)]
        if columns:
            self._note(f"“{title}”表有 {len(columns)} 列处于隐藏状态（{'、'.join(columns)}），已一并读取")
        rows = [number for number in self._filled if number in self._overlay.hidden_rows]
        if rows:
            self._note(f"“{title}”表有 {len(rows)} 行处于隐藏或筛选状态（{named(rows)}），已一并读取")

    def _note_gaps(self) -> None:
        for before, after in pairwise(self._filled):
            if after - before > LONG_GAP:
                empty = after - before - 1
                self._note(f"“{self.sheet.title_zh}”表第{before}行之后空了 {empty} 行，第{after}行起的内容已一并读取")

    def _note_dates(self) -> None:
        for title, rows in self._shown_in_part.items():
            text = f"“{self.sheet.title_zh}”表“{title}”列有 {len(rows)} 个日期没有显示完整的年月日（{named(rows)}）"
            self._note(f"{text}，已按存储的日期读取，请核对")


def named(numbers: Iterable[int]) -> str:
    """Row numbers in words: 第5、9至12行; only the first of many."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    texts = [str(first) if first == last else f"{first}至{last}" for first, last in spans[:MOST_NAMED]]
    return f"第{'、'.join(texts)}行" + ("等" if len(spans) > MOST_NAMED else "")
