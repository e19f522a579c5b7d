"""From a declaration to an .xlsx: an empty template, or one filled with rows. The same input gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from hongxia.workbook.declare import Column, Kind, Sheet, Value, Workbook
from hongxia.workbook.layout import CHOICES, COVER, HELP, NOTES, TITLE, UNIT, YEAR
from hongxia.workbook.sheet import MOST_ROWS

CREATED = datetime(2000, 1, 1, tzinfo=UTC)  # any fixed moment: it is part of the file's bytes
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of a workbook."""

FONT = "Microsoft YaHei"
RED, ROSE, CREAM, INK, GREY = "#9F2B25", "#F7E3E0", "#FFF9E5", "#3A2A28", "#8C7B78"
YES_NO_LABELS = ("是", "否")

COVER_NOTES = (
    "每张工作表的第1行是表头，请勿改动；从第2行起逐行填写，一行一条，中间可以空行，不要合并单元格。\n"
    "深色表头的列必须填写，浅色表头的列可以不填；各列怎样填写见“说明”表。\n"
    "没有内容的工作表请保留表头。日期写作 2022-03-01，金额单位一律为元。\n"
    "导入时全部检查，有一处错误即整份不导入；同一份文件重复导入不会重复计数。"
)

Rows = Mapping[str, Iterable[Mapping[str, Value]]]


def write(workbook: Workbook, year: int | None, unit: str, rows: Rows | None = None) -> bytes:
    """A workbook for that year and unit; `rows` are values by field, by sheet name. A template has none.

    Values are those that `read` gives back (codes, fen, dates); fields left out are empty cells.
    """
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": workbook.title_zh, "created": CREATED})
    styles = _Styles(book)
    _write_cover(book, styles, workbook, year, unit)
    lists = _Lists(workbook)
    for sheet in workbook.sheets:
        _write_sheet(book, styles, lists, sheet, year, list((rows or {}).get(sheet.name, ())))
    _write_help(book, styles, workbook)
    lists.write(book)
    book.close()
    return buffer.getvalue()


class _Styles:
    """The formats of one workbook, made when first asked for."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def __call__(self, **properties: object) -> Any:
        wanted = {"font_name": FONT, "font_size": 11, "font_color": INK, "valign": "vcenter", **properties}
        key = tuple(sorted(wanted.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(wanted)
        return self._made[key]

    def band(self, size: int = 11) -> Any:
        return self(bg_color=RED, font_color="#FFFFFF", bold=True, font_size=size, indent=1)

    def header(self, required: bool) -> Any:
        colours = {"bg_color": RED, "font_color": "#FFFFFF"} if required else {"bg_color": ROSE}
        return self(bold=True, align="center", border=1, border_color="#FFFFFF", **colours)

    def boxed(self, **properties: object) -> Any:
        return self(border=1, border_color="#E3CFCB", text_wrap=True, indent=1, **properties)


class _Lists:
    """The labels behind drop-down lists, a column each on a hidden sheet: a list in place may have 255 characters."""

    def __init__(self, workbook: Workbook) -> None:
        self._lists: list[tuple[str, ...]] = []
        for sheet in workbook.sheets:
            for column in sheet.columns:
                labels = _labels(column)
                if labels and labels not in self._lists:
                    self._lists.append(labels)

    def source(self, labels: tuple[str, ...]) -> str:
        letter = xl_col_to_name(self._lists.index(labels))
        return f"='{CHOICES}'!${letter}$1:${letter}${len(labels)}"

    def write(self, book: Any) -> None:
        sheet = book.add_worksheet(CHOICES)
        for index, labels in enumerate(self._lists):
            sheet.write_column(0, index, labels)
        sheet.very_hidden()


def _labels(column: Column) -> tuple[str, ...]:
    return YES_NO_LABELS if column.kind is Kind.YES_NO else tuple(column.choices)


def _write_cover(book: Any, styles: _Styles, workbook: Workbook, year: int | None, unit: str) -> None:
    cover = book.add_worksheet(COVER)
    cover.hide_gridlines(2)
    cover.set_column(0, 0, 3)
    cover.set_column(1, 1, 16)
    cover.set_column(2, 2, 88)
    cover.set_row(1, 46)
    cover.merge_range(1, 1, 1, 2, workbook.title_zh, styles.band(size=22))
    cover.set_row(2, 24)
    cover.merge_range(2, 1, 2, 2, workbook.help_zh, styles(font_color=GREY, indent=1))
    label = styles.boxed(bold=True, bg_color=ROSE)
    entry = styles.boxed(bg_color=CREAM, align="left")
    for row, (name, value, height) in enumerate(
        ((TITLE, workbook.title_zh, 26), (YEAR, year, 26), (UNIT, unit, 26), (NOTES, COVER_NOTES, 92)),
        start=4,
    ):
        cover.set_row(row, height)
        cover.write(row, 1, name, label)
        cover.write(row, 2, value, entry if name in (YEAR, UNIT) else styles.boxed(align="left"))
    whole_year = {"validate": "integer", "criteria": "between", "minimum": 1949, "maximum": 9999}
    cover.data_validation(5, 2, 5, 2, {**whole_year, "error_title": YEAR, "error_message": "请填四位数的年度"})
    cover.set_row(9, 24)
    cover.merge_range(9, 1, 9, 2, "本工作簿的工作表", styles.band())
    link = styles.boxed(font_color=RED, underline=1)
    for row, sheet in enumerate(workbook.sheets, start=10):
        cover.set_row(row, 24)
        cover.write_url(row, 1, f"internal:'{sheet.title_zh}'!A1", link, sheet.title_zh)
        cover.write_string(row, 2, sheet.help_zh, styles.boxed(align="left"))
    _print_setup(cover)


def _write_sheet(
    book: Any,
    styles: _Styles,
    lists: _Lists,
    sheet: Sheet,
    year: int | None,
    rows: Sequence[Mapping[str, Value]],
) -> None:
    page = book.add_worksheet(sheet.title_zh)
    page.set_row(0, 28)
    for index, column in enumerate(sheet.columns):
        page.set_column(index, index, _width(column), styles(**_cell_format(column)))
        page.write_string(0, index, column.title_zh, styles.header(column.required))
        page.data_validation(1, index, MOST_ROWS, index, _validation(column, lists, year))
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(len(rows), 1), len(sheet.columns) - 1)
    for number, values in enumerate(rows, start=1):
        for index, column in enumerate(sheet.columns):
            _write_value(page, number, index, column, values.get(column.field))
    page.repeat_rows(0)
    _print_setup(page)


def _cell_format(column: Column) -> dict[str, object]:
    """Texts stay as typed (a resident number is no number), dates and amounts look alike in every row."""
    shape = {
        Kind.TEXT: {"num_format": "@"},
        Kind.DATE: {"num_format": "yyyy-mm-dd", "align": "center"},
        Kind.MONTH: {"num_format": "@", "align": "center"},
        Kind.YUAN: {"num_format": "#,##0.00"},
        Kind.INTEGER: {"num_format": "0"},
    }.get(column.kind, {"align": "center"})
    return {**shape, **({} if column.kept else {"font_color": GREY})}


def _write_value(page: Any, row: int, index: int, column: Column, value: Value) -> None:
    if value is None:
        return
    if column.kind is Kind.CHOICE:
        page.write_string(row, index, {code: label for label, code in column.choices.items()}[str(value)])
    elif column.kind is Kind.YES_NO:
        page.write_string(row, index, YES_NO_LABELS[0] if value else YES_NO_LABELS[1])
    elif column.kind is Kind.YUAN and isinstance(value, int):
        page.write_number(row, index, Decimal(value) / 100)
    elif isinstance(value, date):
        page.write_datetime(row, index, value)
    elif isinstance(value, int):
        page.write_number(row, index, value)
    else:
        page.write_string(row, index, value)


def _validation(column: Column, lists: _Lists, year: int | None) -> dict[str, object]:
    """What Excel holds a typed cell to, and what it says beside it. The import checks everything again."""
    prompt = {"input_title": column.title_zh[:32], "input_message": column.help_zh[:255]}
    wrong = {"error_title": column.title_zh[:32], "error_message": format_zh(column)[:255]}
    if labels := _labels(column):
        return {"validate": "list", "source": lists.source(labels), **prompt, **wrong}
    if column.kind is Kind.INTEGER or column.kind is Kind.YUAN:
        scale = 1 if column.kind is Kind.INTEGER else 100
        lowest = -(10**13) if column.minimum is None else column.minimum / scale
        highest = 10**13 if column.maximum is None else column.maximum / scale
        kind = "integer" if column.kind is Kind.INTEGER else "decimal"
        bounds = {"criteria": "between", "minimum": lowest, "maximum": highest}
        return {"validate": kind, **bounds, **prompt, **wrong}
    if column.kind is Kind.DATE:
        first, last = date(1900, 1, 1), date(9999, 12, 31)
        if column.within_year and year is not None:
            first, last = date(year, 1, 1), date(year, 12, 31)
        days = {"criteria": "between", "minimum": first, "maximum": last}
        return {"validate": "date", **days, "error_type": "warning", **prompt, **wrong}
    return {"validate": "any", **prompt}


def format_zh(column: Column) -> str:
    """What a cell of the column may hold, in one Chinese sentence."""
    if labels := _labels(column):
        return " / ".join(labels)
    if column.kind is Kind.DATE or column.kind is Kind.MONTH:
        shape = "日期，如 2022-03-01" if column.kind is Kind.DATE else "月份，如 2022-03"
        return shape + ("，本年度内" if column.within_year else "") + ("，不晚于今天" if column.not_future else "")
    if column.kind is Kind.YUAN:
        signs = "可为负数" if column.minimum is None else "正数" if column.minimum > 0 else "不为负数"
        return f"金额（元），最多两位小数，{signs}"
    if column.kind is Kind.INTEGER:
        lowest = "" if column.minimum is None else f"，不小于{column.minimum}"
        return "整数" + lowest + ("" if column.maximum is None else f"，不大于{column.maximum}")
    return f"文本，不超过{column.max_length}个字"


def _write_help(book: Any, styles: _Styles, workbook: Workbook) -> None:
    page = book.add_worksheet(HELP)
    page.hide_gridlines(2)
    for index, width in enumerate((16, 8, 46, 52, 24)):
        page.set_column(index, index, width)
    row = 0
    for sheet in workbook.sheets:
        page.set_row(row, 28)
        page.merge_range(row, 0, row, 4, f"{sheet.title_zh}　　{sheet.help_zh}", styles.band())
        for index, title in enumerate(("列", "必填", "填写内容", "格式或可选值", "示例")):
            page.write_string(row + 1, index, title, styles.header(required=False))
        row += 2
        for column in sheet.columns:
            cells = (
                column.title_zh,
                "必填" if column.required else "",
                column.help_zh,
                format_zh(column) if column.kept else "不读取",
                column.example,
            )
            page.set_row(row, 6 + 16 * max(_lines(cells[2], 46), _lines(cells[3], 52), _lines(cells[4], 24)))
            for index, text in enumerate(cells):
                page.write_string(row, index, text, styles.boxed(bold=index == 0))
            row += 1
        row += 1
    _print_setup(page)


def _print_setup(page: Any) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.set_footer("&C&A　第 &P / &N 页")


def _width(column: Column) -> float:
    wide = max(
        _columns(column.title_zh) + 4,
        _columns(column.example) + 3,
        *(_columns(text) + 4 for text in _labels(column)),
        0,
    )
    return min(max(wide, 10), 44)


def _columns(text: str) -> int:
    """Width on paper, in half-width characters."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _lines(text: str, width: int) -> int:
    return max(1, -(-_columns(text) // (width - 2)))
