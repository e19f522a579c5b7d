"""What a person may have overlooked in a directory of workbooks is said by the import, on the screen."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl

from hongxia.workbook.write import write
from services.finance.workbook import BUDGET
from tests.e2e.bureau import Bureau


def budget_with_a_hidden_line() -> bytes:
    """A budget of two lines, the second of which a filter hides."""
    line = {"expenditure_class": "project", "approved_on": date(2022, 1, 1), "pays_aid": False, "initial_fen": 100}
    lines = [{**line, "line_no": number, "name": number} for number in ("YS-01", "YS-02")]
    book = openpyxl.load_workbook(io.BytesIO(write(BUDGET, 2022, "某局", {"budget_lines": lines})))
    book["预算"].row_dimensions[3].hidden = True
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_hidden_rows_and_subdirectories_are_named_on_the_screen(bureau: Bureau, tmp_path: Path) -> None:
    (tmp_path / "预算.xlsx").write_bytes(budget_with_a_hidden_line())
    (tmp_path / "旧").mkdir()
    shown = bureau.run("import", str(tmp_path), "--dry-run").stdout
    assert "子目录 旧 没有读取" in shown
    assert "新增 2 行" in shown
    assert "注意：“预算”表有 1 行处于隐藏或筛选状态（第3行），已一并读取" in shown.replace("\n", "")
