"""Opening a file that claims to be an .xlsx, without trusting it."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from hongxia.workbook.errors import NotAWorkbook

MOST_BYTES = 128 * 1024 * 1024  # unpacked; 200,000 rows of a declared sheet are about half of it
MOST_PARTS = 1_000
MOST_SHEETS = 50
MOST_COLUMNS = 1_000
LAST_ROW = 1_048_576  # Excel's own last row

UNREADABLE = "文件已损坏或不是 Excel 工作簿，请用 Excel 打开后另存为 .xlsx 再试"


@dataclass(frozen=True)
class RawSheet:
    """A sheet as it is in the file: rows of cell values, and which cells hold a formula."""

    title: str
    _sheet: Any  # openpyxl's read-only worksheet, which is no public type
    _formulas: Any

    def rows(self) -> Iterator[tuple[int, tuple[object, ...]]]:
        """Row number and cell values, row by row; raises NotAWorkbook if the file turns out to be broken."""
        for number, cells in _numbered(self._sheet, values_only=True):
            if len(cells) > MOST_COLUMNS:
                raise NotAWorkbook(f"工作表“{self.title}”的列过多，请使用模板填写")
            yield number, cells

    def formulas(self) -> set[tuple[int, int]]:
        """(row number, column index from 0) of the cells that hold a formula."""
        if self._formulas is None:
            return set()
        return {
            (number, index)
            for number, cells in _numbered(self._formulas, values_only=False)
            for index, cell in enumerate(cells)
            if getattr(cell, "data_type", "") == "f"
        }


def open_sheets(data: bytes) -> list[RawSheet]:
    """The sheets of an .xlsx; raises NotAWorkbook if it is none, is broken, or would unpack to too much."""
    has_formulas = _inspect(data)
    sheets = _load(data, data_only=True)
    formulas = _load(data, data_only=False) if has_formulas else [None] * len(sheets)
    return [RawSheet(sheet.title, sheet, other) for sheet, other in zip(sheets, formulas, strict=True)]


def _inspect(data: bytes) -> bool:
    """Whether any sheet holds a formula. Sizes are those of the directory: zipfile never unpacks more than it says."""
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise NotAWorkbook("这是旧版 .xls 文件或加了密码的文件，请去掉密码并另存为 .xlsx")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise NotAWorkbook("这不是 Excel 工作簿（.xlsx）")
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise NotAWorkbook("文件解压后过大，请使用模板填写")
            sheets = [part for part in parts if part.filename.startswith("xl/worksheets/")]
            return any(_holds_formula(archive, part) for part in sheets if part.filename.endswith(".xml"))
    except NotAWorkbook:
        raise
    except Exception as error:  # zipfile lets struct, zlib and codec errors through, as the bytes happen to be
        raise NotAWorkbook("这不是 Excel 工作簿（.xlsx）") from error


def _holds_formula(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            window = tail + chunk
            if b"<f>" in window or b"<f " in window or b"<f/" in window:
                return True
            tail = window[-2:]
    return False


def _load(data: bytes, *, data_only: bool) -> list[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that do not concern us
            sheets: list[Any] = load_workbook(BytesIO(data), read_only=True, data_only=data_only).worksheets
    except Exception as error:  # openpyxl raises whatever the malformed part makes it stumble over
        raise NotAWorkbook(UNREADABLE) from error
    if len(sheets) > MOST_SHEETS:
        raise NotAWorkbook("工作表过多，请使用模板填写")
    for sheet in sheets:
        sheet.reset_dimensions()  # what a file says about its size may be wrong
    return sheets


def _numbered(sheet: Any, *, values_only: bool) -> Iterator[tuple[int, tuple[object, ...]]]:
    rows = iter(sheet.iter_rows(values_only=values_only))
    number = 0
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                cells = next(rows)
        except StopIteration:
            return
        except Exception as error:  # as above: sheets are parsed while they are read
            raise NotAWorkbook(UNREADABLE) from error
        number += 1
        if number > LAST_ROW:
            raise NotAWorkbook(f"工作表“{sheet.title}”的行过多，请使用模板填写")
        yield number, tuple(cells)
