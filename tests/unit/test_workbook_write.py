"""Templates and filled workbooks: what is written is read back, and looks after the person who fills it in."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from hongxia.workbook.declare import Kind, Value, Workbook
from hongxia.workbook.read import identify, read
from hongxia.workbook.write import write
from services.activities.workbook import ACTIVITIES
from services.finance.workbook import BUDGET
from services.outreach.workbook import OUTREACH
from services.registry.workbook import CADRES

TODAY = date(2023, 1, 10)
WORKBOOKS = (CADRES, BUDGET, OUTREACH, ACTIVITIES)

each_workbook = pytest.mark.parametrize("workbook", WORKBOOKS, ids=lambda workbook: workbook.name)

LINES: list[dict[str, Value]] = [
    {
        "line_no": "YS-01",
        "name": "=1+1",
        "expenditure_class": "project",
        "initial_fen": 19_500_001,
        "approved_on": date(2022, 1, 1),
        "pays_aid": True,
    }
]


@each_workbook
def test_a_template_is_a_workbook_without_rows(workbook: Workbook) -> None:
    data = write(workbook, 2022, "某局")
    assert identify(data) == (workbook.title_zh, 2022, "某局")
    parsed = read(data, workbook, today=TODAY)
    assert (parsed.year, parsed.unit) == (2022, "某局")
    assert parsed.rows == {sheet.name: [] for sheet in workbook.sheets}


@each_workbook
def test_the_same_input_gives_the_same_bytes(workbook: Workbook) -> None:
    assert write(workbook, 2022, "某局") == write(workbook, 2022, "某局")


def test_what_is_written_is_read_back() -> None:
    rows = {
        "budget_lines": LINES,
        "adjustments": [
            {"adjustment_no": "TZ-1", "line_no": "YS-01", "adjusted_on": date(2022, 9, 1), "amount_fen": -1}
        ],
    }
    parsed = read(write(BUDGET, 2022, "某局", rows), BUDGET, today=TODAY)
    assert [dict(row.values) for row in parsed.rows["budget_lines"]] == LINES
    assert parsed.rows["adjustments"][0].values["amount_fen"] == -1


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(BUDGET, 2022, "某局", {"budget_lines": LINES})))
    cell = book["预算"]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


@each_workbook
def test_a_template_has_a_frozen_header_and_lists_to_choose_from(workbook: Workbook) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(workbook, 2022, "某局")))
    for sheet in workbook.sheets:
        page = book[sheet.title_zh]
        assert page.freeze_panes == "A2"
        lists = {
            str(rule.sqref).split("2:")[0]: rule for rule in page.data_validations.dataValidation if rule.type == "list"
        }
        for index, column in enumerate(sheet.columns, start=1):
            letter = openpyxl.utils.get_column_letter(index)
            assert (letter in lists) == (column.kind in (Kind.CHOICE, Kind.YES_NO)), column.field
        for rule in lists.values():
            name, cells = rule.formula1.replace("$", "").replace("'", "").split("!")
            labels = [cell[0].value for cell in book[name][cells]]
            assert all(labels)
    assert book["选项"].sheet_state == "veryHidden"


@each_workbook
def test_the_help_sheet_explains_every_column(workbook: Workbook) -> None:
    page = openpyxl.load_workbook(io.BytesIO(write(workbook, 2022, "某局")))["说明"]
    explained = [row[0] for row in page.iter_rows(values_only=True)]
    for sheet in workbook.sheets:
        for column in sheet.columns:
            assert column.title_zh in explained


def test_a_template_without_a_year_asks_for_it() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(CADRES, None, "")))
    labels = {row[1].value: row[2].value for row in book["封面"].iter_rows()}
    assert labels["表名"] == "干部名册"
    assert labels["年度"] is None
    assert labels["单位名称"] in (None, "")
