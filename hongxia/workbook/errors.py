"""What can be wrong with a workbook: the file is not a workbook, or cells of it are wrong, each named.

Messages are Chinese and never repeat what a cell holds, so that no personal data leaves in an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hongxia.workbook.declare import Finding, Workbook
from hongxia.workbook.limits import NotAWorkbook

MOST_ERRORS = 500


@dataclass(frozen=True)
class CellError:
    """One error. `row` 0 concerns the sheet as a whole, an empty `column_title` the whole row."""

    sheet: str
    row: int
    column_title: str
    message_zh: str

    def __str__(self) -> str:
        row = f"第{self.row}行" if self.row else ""
        column = f"“{self.column_title}”" if self.column_title else ""
        return f"{self.sheet}：{row}{column}{'：' if row or column else ''}{self.message_zh}"

    @property
    def pointer(self) -> str:
        """Where the error is, as a JSON pointer: /sheet/row/column, as far as known."""
        parts = [self.sheet, str(self.row) if self.row else "", self.column_title]
        return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts if part)


class WorkbookErrors(Exception):
    """Every error of a file, at most MOST_ERRORS of them; `truncated` if there are more. Nothing was imported."""

    def __init__(self, errors: Iterable[CellError]) -> None:
        found = list(errors)
        self.errors = found[:MOST_ERRORS]
        self.truncated = len(found) > MOST_ERRORS
        more = f"（只列出前{MOST_ERRORS}处）" if self.truncated else ""
        super().__init__(f"工作簿有{len(self.errors)}处错误{more}：{self.errors[0] if self.errors else ''}")

    @classmethod
    def of(cls, workbook: Workbook, findings: Iterable[Finding]) -> WorkbookErrors:
        """Return the same for what a service's rules found by field names."""
        return cls(cell_error(workbook, finding) for finding in findings)


def cell_error(workbook: Workbook, finding: Finding) -> CellError:
    """A finding in the words of the sheet: titles instead of names. An empty field means the whole row."""
    sheet = workbook.sheet(finding.sheet)
    title = sheet.column(finding.field).title_zh if finding.field else ""
    return CellError(sheet.title_zh, finding.row, title, finding.message_zh)


__all__ = ["MOST_ERRORS", "CellError", "NotAWorkbook", "WorkbookErrors", "cell_error"]
