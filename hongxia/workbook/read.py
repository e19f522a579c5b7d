"""From a file to checked rows: all of them, or every error by sheet, row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from hongxia.workbook.archive import RawSheet, open_sheets
from hongxia.workbook.cells import BadCell, Span, clean, is_blank, value_of
from hongxia.workbook.declare import Column, Kind, Row, Sheet, Value, Workbook
from hongxia.workbook.errors import MOST_ERRORS, CellError, NotAWorkbook, WorkbookErrors, cell_error
from hongxia.workbook.layout import COVER, OWN_SHEETS, TITLE, UNIT, YEAR, same_title

MOST_ROWS = 200_000
COVER_ROWS = 50
ROWS_BETWEEN_PAUSES = 200

_TITLE_COLUMN = Column(TITLE, "title", Kind.TEXT, "", "")
_UNIT_COLUMN = Column(UNIT, "unit", Kind.TEXT, "", "")
_YEAR_COLUMN = Column(YEAR, "year", Kind.INTEGER, "", "", minimum=1949, maximum=9999)


@dataclass(frozen=True)
class Parsed:
    """A workbook without errors: rows by sheet name, every sheet present, values by field."""

    year: int
    unit: str
    rows: dict[str, list[Row]]


def identify(data: bytes) -> tuple[str, int]:
    """Title and year on the cover of a file; raises NotAWorkbook if there is no such cover."""
    errors: list[CellError] = []
    cover = _read_cover(open_sheets(data), errors)
    if cover.title is None or cover.year is None:
        raise NotAWorkbook(str(errors[0]))
    return cover.title, cover.year


def read(data: bytes, workbook: Workbook, *, today: date, pause: Callable[[], None] = lambda: None) -> Parsed:
    """Read a file as that workbook.

    `today` bounds the dates that may not lie in the future. `pause` is called every few hundred rows, so that a
    process that does other things meanwhile can go on with them.
    Raises NotAWorkbook if the file can't be read at all, WorkbookErrors with every error in it otherwise.
    """
    raw_sheets = open_sheets(data)
    reading = _Reading(workbook)
    cover = _read_cover(raw_sheets, reading.errors)
    if cover.title is not None and not same_title(cover.title, workbook.title_zh):
        raise WorkbookErrors([CellError(COVER, cover.title_row, TITLE, f"应为“{workbook.title_zh}”")])
    if cover.year is not None and cover.year > today.year:
        reading.errors.append(CellError(COVER, cover.year_row, YEAR, "年度晚于今年"))
    span = Span(cover.year, today)
    for sheet, raw in reading.match(raw_sheets):
        reading.read_sheet(sheet, raw, span, pause)
    reading.check_references()
    if not reading.errors:
        reading.run_checks()
    if reading.errors or cover.year is None or cover.unit is None:
        raise WorkbookErrors(reading.errors)
    return Parsed(cover.year, cover.unit, reading.rows)


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
    for number, cells in raw_cover.rows():
        if number > COVER_ROWS:
            break
        for index, cell in enumerate(cells):
            for label in (TITLE, YEAR, UNIT):
                if isinstance(cell, str) and same_title(cell.rstrip("：: 　"), label):
                    beside = (other for other in cells[index + 1 :] if not is_blank(other))
                    entries.setdefault(label, (number, next(beside, None)))
    return entries


@dataclass
class _Reading:
    """What has been read so far."""

    workbook: Workbook
    errors: list[CellError] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    keys: dict[str, dict[tuple[Value, ...], int]] = field(default_factory=dict)

    def match(self, raw_sheets: Sequence[RawSheet]) -> Iterator[tuple[Sheet, RawSheet]]:
        """Declared sheets that the file has; what is missing, double or unknown becomes an error."""
        found: dict[str, RawSheet] = {}
        for raw in raw_sheets:
            sheet = next((sheet for sheet in self.workbook.sheets if same_title(raw.title, sheet.title_zh)), None)
            if sheet is not None and sheet.name not in found:
                found[sheet.name] = raw
            elif not any(same_title(raw.title, own) for own in OWN_SHEETS) and not _is_empty(raw):
                known = "、".join(sheet.title_zh for sheet in self.workbook.sheets)
                self.errors.append(CellError(raw.title, 0, "", f"模板中没有这张工作表，应为：{known}"))
        for sheet in self.workbook.sheets:
            self.rows[sheet.name], self.keys[sheet.name] = [], {}
            if sheet.name in found:
                yield sheet, found[sheet.name]
            elif not sheet.optional:
                self.errors.append(CellError(sheet.title_zh, 0, "", "缺少这张工作表（没有内容也请保留表头）"))

    def read_sheet(self, sheet: Sheet, raw: RawSheet, span: Span, pause: Callable[[], None]) -> None:
        lines = raw.rows()
        header = next(lines, (1, ()))[1]
        layout = self._layout(sheet, header)
        if layout is None:
            return
        reader = _SheetReader(sheet, layout, raw.formulas(), span, self.keys[sheet.name])
        for number, cells in lines:
            if number % ROWS_BETWEEN_PAUSES == 0:
                pause()
            row = reader.read_row(number, cells)
            if row is not None:
                self.rows[sheet.name].append(row)
            if reader.filled > MOST_ROWS:
                reader.errors.append(CellError(sheet.title_zh, 0, "", f"超过{MOST_ROWS}行，请分成几个文件"))
                break
            if len(self.errors) + len(reader.errors) > MOST_ERRORS:
                break
        self.errors += reader.errors

    def _layout(self, sheet: Sheet, header: Sequence[object]) -> dict[int, Column] | None:
        """Index → column; None, with errors noted, if the header row is not as declared."""
        before = len(self.errors)
        layout: dict[int, Column] = {}
        taken: set[str] = set()
        for index, cell in enumerate(header):
            if is_blank(cell):
                continue
            title = clean(str(cell))
            column = next((column for column in sheet.columns if same_title(title, column.title_zh)), None)
            if column is None:
                self.errors.append(CellError(sheet.title_zh, 1, title[:50], "模板中没有这一列"))
            elif column.field in taken:
                self.errors.append(CellError(sheet.title_zh, 1, column.title_zh, "这一列出现了两次"))
            else:
                taken.add(column.field)
                layout[index] = column
        for column in sheet.columns:
            if column.required and column.field not in taken:
                self.errors.append(CellError(sheet.title_zh, 1, column.title_zh, "缺少这一列（表头应在第1行）"))
        return layout if len(self.errors) == before else None

    def check_references(self) -> None:
        for sheet in self.workbook.sheets:
            for column in sheet.columns:
                if not column.refers_to:
                    continue
                target = self.workbook.sheet(column.refers_to)
                for row in self.rows[sheet.name]:
                    value = row.values[column.field]
                    if value is not None and (value,) not in self.keys[target.name]:
                        message = f"“{target.title_zh}”表中没有这个编号"
                        self.errors.append(CellError(sheet.title_zh, row.number, column.title_zh, message))

    def run_checks(self) -> None:
        for check in self.workbook.checks:
            self.errors += [cell_error(self.workbook, finding) for finding in check(self.rows)]


class _SheetReader:
    """Reads the rows of one sheet, one at a time, and keeps the errors and the keys that were seen."""

    def __init__(
        self,
        sheet: Sheet,
        layout: dict[int, Column],
        formulas: set[tuple[int, int]],
        span: Span,
        keys: dict[tuple[Value, ...], int],
    ) -> None:
        self.sheet = sheet
        self.layout = layout
        self.formulas = formulas
        self.formula_rows = {number for number, _ in formulas}
        self.span = span
        self.errors: list[CellError] = []
        self.filled = 0
        self.seen = [(sheet.key, keys)] + [(fields, {}) for fields in sheet.unique]
        self.stray: set[int] = set()
        self.absent = {
            column.field: column.default
            for column in sheet.columns
            if column.kept and column.field not in {present.field for present in layout.values()}
        }

    def read_row(self, number: int, cells: Sequence[object]) -> Row | None:
        """The row, or None if it is empty or holds an error."""
        if number not in self.formula_rows and all(is_blank(cell) for cell in cells):
            return None
        self.filled += 1
        before = len(self.errors)
        values = dict(self.absent)
        for index, column in self.layout.items():
            if not column.kept:
                continue
            raw = cells[index] if index < len(cells) else None
            try:
                if raw is None and (number, index) in self.formulas:
                    raise BadCell("公式没有计算结果，请用 Excel 打开并保存，或粘贴为数值")
                values[column.field] = value_of(column, raw, self.span)
            except BadCell as error:
                self._complain(number, column, str(error))
        self._notice_stray_cells(number, cells)
        self._notice_doubles(number, values)
        return Row(number, values) if len(self.errors) == before else None

    def _complain(self, number: int, column: Column, message: str) -> None:
        self.errors.append(CellError(self.sheet.title_zh, number, column.title_zh, message))

    def _notice_stray_cells(self, number: int, cells: Sequence[object]) -> None:
        for index, cell in enumerate(cells):
            if index not in self.layout and index not in self.stray and not is_blank(cell):
                self.stray.add(index)
                message = f"第{index + 1}列有内容但没有表头"
                self.errors.append(CellError(self.sheet.title_zh, number, "", message))

    def _notice_doubles(self, number: int, values: dict[str, Value]) -> None:
        for fields, seen in self.seen:
            natural = fields is self.sheet.key
            key = self.sheet.key_of(values) if natural else tuple(values.get(name) for name in fields)
            if None in key:
                continue
            first = seen.setdefault(key, number)
            if first != number:
                titles = "、".join(self.sheet.column(name).title_zh for name in fields)
                self._complain(number, self.sheet.column(fields[0]), f"与第{first}行重复（{titles}）")


def _is_empty(raw: RawSheet) -> bool:
    return all(is_blank(cell) for _, cells in raw.rows() for cell in cells)
