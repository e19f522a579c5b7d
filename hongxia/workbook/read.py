"""From a file to checked rows: all of them, or every error by sheet, row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from hongxia.workbook.cells import BadCell, Span, clean, is_blank, title_text, value_of
from hongxia.workbook.declare import Column, Kind, Row, Sheet, Value, Workbook
from hongxia.workbook.errors import MOST_ERRORS, CellError, NotAWorkbook, WorkbookErrors, cell_error
from hongxia.workbook.layout import COVER, OWN_SHEETS, TITLE, UNIT, YEAR, same_title
from hongxia.workbook.pace import Paced
from hongxia.workbook.process import RawSheet, opened
from hongxia.workbook.sheet import Note, SheetReader

COVER_ROWS = 50

_TITLE_COLUMN = Column(TITLE, "title", Kind.TEXT, "", "")
_UNIT_COLUMN = Column(UNIT, "unit", Kind.TEXT, "", "")
_YEAR_COLUMN = Column(YEAR, "year", Kind.INTEGER, "", "", minimum=1949, maximum=9999)


@dataclass(frozen=True)
class Parsed:
    """A workbook without errors: rows by sheet name, every sheet present, values by field.

    `notes` name what was read although a person may not have seen it, and what was left out.
    """

    year: int
    unit: str
    rows: dict[str, list[Row]]
    notes: tuple[Note, ...] = ()


class Identity(NamedTuple):
    """What the cover of a file says; `unit` is empty if it is not there."""

    title: str
    year: int
    unit: str


def identify(data: bytes) -> Identity:
    """What the cover of a file says; raises NotAWorkbook if it has no title or no year, NoReader."""
    errors: list[CellError] = []
    with opened(data) as raw_sheets:
        cover = _read_cover(raw_sheets, errors)
    if cover.title is None or cover.year is None:
        raise NotAWorkbook(str(errors[0]))
    return Identity(cover.title, cover.year, cover.unit or "")


def read(data: bytes, workbook: Workbook, *, today: date, pause: Callable[[], None] = lambda: None) -> Parsed:
    """Read a file as that workbook.

    `today` bounds the dates that may not lie in the future. `pause` is called every few hundred rows, so that a
    process that does other things meanwhile can go on with them.
    Raises NotAWorkbook if the file can't be read at all, WorkbookErrors with every error in it otherwise, and NoReader
    if there is nobody to read it at the moment.
    """
    reading = _Reading(workbook)
    with opened(data) as raw_sheets:
        cover = _read_cover(raw_sheets, reading.errors)
        if cover.title is not None and not same_title(cover.title, workbook.title_zh):
            raise WorkbookErrors([CellError(COVER, cover.title_row, TITLE, f"应为“{workbook.title_zh}”")])
        if cover.year is not None and cover.year > today.year:
            reading.errors.append(CellError(COVER, cover.year_row, YEAR, "年度晚于今年"))
        span = Span(cover.year, today)
        for sheet, raw in reading.match(raw_sheets):
            reading.read_sheet(sheet, raw, span, pause)
    reading.check_references(pause)
    if not reading.errors:
        reading.run_checks(pause)
    if reading.errors or cover.year is None or cover.unit is None:
        raise WorkbookErrors(reading.errors)
    return Parsed(cover.year, cover.unit, reading.rows, tuple(reading.notes))


@dataclass
class _Cover:
    title: str | None = None
    title_row: int = 0
    year: int | None = None
    year_row: int = 0
    unit: str | None = None


def _read_cover(sheets: Sequence[RawSheet], errors: list[CellError]) -> _Cover:
    cover = _Cover()
    raw_cover = next((sheet for sheet in sheets if same_title(sheet.title, COVER)), None)
    if raw_cover is None:
        raise NotAWorkbook(f"没有“{COVER}”工作表，请使用模板填写")
    entries = _cover_entries(raw_cover)
    values: dict[str, Value] = {}
    for column in (_TITLE_COLUMN, _YEAR_COLUMN, _UNIT_COLUMN):
        row, raw = entries.get(column.title_zh, (0, None))
        if column is _YEAR_COLUMN and isinstance(raw, str):
            raw = clean(raw).removesuffix("度").removesuffix("年")
        try:
            values[column.field] = value_of(column, raw, Span(None, date.max))
        except BadCell as error:
            errors.append(CellError(COVER, row, column.title_zh, str(error)))
    title, year, unit = values.get("title"), values.get("year"), values.get("unit")
    cover.title = title if isinstance(title, str) else None
    cover.year = year if isinstance(year, int) else None
    cover.unit = unit if isinstance(unit, str) else None
    cover.title_row, cover.year_row = (entries.get(name, (0, None))[0] for name in (TITLE, YEAR))
    return cover


def _cover_entries(raw_cover: RawSheet) -> dict[str, tuple[int, object]]:
    """Label → (row, what stands to the right of it), wherever on the cover the label is."""
    entries: dict[str, tuple[int, object]] = {}
    for number, cells in raw_cover.rows(until=COVER_ROWS):
        filled = [cells[index] for index in sorted(cells) if not is_blank(cells[index])]
        for cell, beside in zip(filled, [*filled[1:], None], strict=True):
            for label in (TITLE, YEAR, UNIT):
                if same_title(title_text(cell).rstrip("：: 　"), label):
                    entries.setdefault(label, (number, beside))
    return entries


@dataclass
class _Reading:
    """What has been read so far."""

    workbook: Workbook
    errors: list[CellError] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    keys: dict[str, dict[tuple[Value, ...], int]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def match(self, raw_sheets: Sequence[RawSheet]) -> Iterator[tuple[Sheet, RawSheet]]:
        """Declared sheets that the file has; what is missing, double or unknown becomes an error."""
        found: dict[str, RawSheet] = {}
        for raw in raw_sheets:
            sheet = next((sheet for sheet in self.workbook.sheets if same_title(raw.title, sheet.title_zh)), None)
            if sheet is not None and sheet.name not in found:
                found[sheet.name] = raw
            elif not any(same_title(raw.title, own) for own in OWN_SHEETS):
                self._notice_unknown(raw)
        for sheet in self.workbook.sheets:
            self.rows[sheet.name], self.keys[sheet.name] = [], {}
            if sheet.name in found:
                yield sheet, found[sheet.name]
            elif not sheet.optional:
                self.errors.append(CellError(sheet.title_zh, 0, "", "缺少这张工作表（没有内容也请保留表头）"))

    def _notice_unknown(self, raw: RawSheet) -> None:
        """A sheet that is not declared: a note if it holds no cells, an error otherwise."""
        if not raw.has_cells:
            self.notes.append(Note(raw.title, f"“{raw.title}”是图表或宏表，没有读取"))
        elif raw.is_empty():
            self.notes.append(Note(raw.title, f"“{raw.title}”表是空表，没有读取"))
        else:
            known = "、".join(sheet.title_zh for sheet in self.workbook.sheets)
            self.errors.append(CellError(raw.title, 0, "", f"模板中没有这张工作表，应为：{known}"))

    def read_sheet(self, sheet: Sheet, raw: RawSheet, span: Span, pause: Callable[[], None]) -> None:
        reader = SheetReader(sheet, raw, span, self.keys[sheet.name], MOST_ERRORS - len(self.errors))
        self.rows[sheet.name] += reader.read(pause)
        self.errors += reader.errors
        self.notes += reader.notes

    def check_references(self, pause: Callable[[], None]) -> None:
        for sheet in self.workbook.sheets:
            for column in sheet.columns:
                if not column.refers_to:
                    continue
                target = self.workbook.sheet(column.refers_to)
                for row in Paced(self.rows[sheet.name], pause):
                    value = row.values[column.field]
                    if column.refers_unless and row.values[column.refers_unless] is not None:
                        continue
                    if value is not None and (value,) not in self.keys[target.name]:
                        message = f"“{target.title_zh}”表中没有这个编号"
                        self.errors.append(CellError(sheet.title_zh, row.number, column.title_zh, message))

    def run_checks(self, pause: Callable[[], None]) -> None:
        rows = {name: Paced(rows, pause) for name, rows in self.rows.items()}
        for check in self.workbook.checks:
            self.errors += [cell_error(self.workbook, finding) for finding in check(rows)]
