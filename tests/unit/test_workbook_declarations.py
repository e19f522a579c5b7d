"""The four workbooks: their own rules, and docs/workbooks.md made from them."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hongxia.workbook.cells import BadCell, Span, value_of
from hongxia.workbook.declare import Column, Kind, Row, Value, Workbook
from hongxia.workbook.document import Language, render
from services.activities.workbook import ACTIVITIES
from services.finance.workbook import BUDGET
from services.outreach.workbook import OUTREACH
from services.registry.cadres.particulars import resident_number_problem
from services.registry.workbook import CADRES

ROOT = Path(__file__).parents[2]
WORKBOOKS = (CADRES, BUDGET, OUTREACH, ACTIVITIES)

Values = Mapping[str, Value]


def findings(workbook: Workbook, **sheets: list[Values]) -> list[tuple[int, str, str]]:
    """Row, field and message of what the workbook's checks find; rows are numbered from 2."""
    rows = {
        sheet.name: [Row(number, values) for number, values in enumerate(sheets.get(sheet.name, []), start=2)]
        for sheet in workbook.sheets
    }
    return [(found.row, found.field, found.message_zh) for check in workbook.checks for found in check(rows)]


@pytest.mark.parametrize(
    ("name", "language"), [("workbooks.md", Language.ENGLISH), ("workbooks.zh-CN.md", Language.CHINESE)]
)
def test_the_page_that_tells_how_to_fill_in_workbooks_is_what_the_declarations_say(
    name: str, language: Language
) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert page == render(WORKBOOKS, language), "write it anew: make contracts"


def test_both_pages_tell_of_the_same_columns_and_figures() -> None:
    def named(language: Language) -> list[str]:
        return re.findall(r"^\| `([^`]+)` \|", render(WORKBOOKS, language), re.MULTILINE)

    assert named(Language.ENGLISH) == named(Language.CHINESE)


def test_the_chinese_page_needs_no_english() -> None:
    prose = re.sub(r"`[^`]*`|\[English\].*", "", render(WORKBOOKS, Language.CHINESE))
    allowed = {"Excel", "Alt", "Enter", "xlsx", *(workbook.service for workbook in WORKBOOKS)}
    examples = {column.example for workbook in WORKBOOKS for sheet in workbook.sheets for column in sheet.columns}
    for example in examples:
        prose = prose.replace(f"| {example} |", "|")
    assert set(re.findall(r"[A-Za-z]{3,}", prose)) <= allowed


def test_every_example_can_be_filled_in() -> None:
    span = Span(2022, date(2023, 1, 10))
    for workbook in WORKBOOKS:
        for sheet in workbook.sheets:
            for column in sheet.columns:
                assert column.example, (sheet.name, column.field)
                if column.kind is not Kind.DATE or column.within_year:
                    value_of(column, column.example, span)


def test_a_declaration_that_contradicts_itself_is_refused() -> None:
    column = Column("编号", "no", Kind.TEXT, "", "")
    sheet = OUTREACH.sheets[0]
    with pytest.raises(ValueError, match="choices"):
        replace(column, kind=Kind.CHOICE)
    with pytest.raises(ValueError, match="code"):
        replace(column, kind=Kind.CHOICE, choices={"甲": "a", "乙": "a"})
    with pytest.raises(ValueError, match="default"):
        replace(column, default="x")
    with pytest.raises(ValueError, match="key"):
        replace(sheet, key=("nothing",))
    with pytest.raises(ValueError, match="header"):
        replace(sheet, columns=(column, replace(column, field="other")), key=("no",))
    with pytest.raises(ValueError, match="used twice"):
        replace(OUTREACH, sheets=(sheet, sheet))
    with pytest.raises(ValueError, match="several columns"):
        bad = replace(
            sheet, columns=(*sheet.columns, Column("联系", "contact", Kind.TEXT, "", "", refers_to="contacts"))
        )
        replace(OUTREACH, sheets=(bad, *OUTREACH.sheets[1:]))


def test_codes_of_national_standards_are_unique_and_complete() -> None:
    codes = {column.field: len(column.choices) for column in CADRES.sheets[0].columns if column.choices}
    assert codes == {
        "sex": 2,
        "nationality": 56,
        "political_status": 13,
        "retirement_category": 2,
        "rank": 13,
        "treatment": 13,
        "medical_treatment": 13,
        "reimbursement": 5,
    }


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("440103193501010013", None),  # a county coded after the birth, as most cadres have it
        ("990101194903150026", None),
        ("11010519491231002x", None),
        ("110105194912310021", "校验码"),
        ("44010319350101001", "18位"),
        ("44010319350230001X", "出生日期不存在"),
        ("4401031935010100A3", "前17位"),
        ("44010318990101001X", "早于1900年"),
    ],
)
def test_a_resident_number_is_checked_except_for_its_region(number: str, problem: str | None) -> None:
    found = resident_number_problem(number)
    assert found is None if problem is None else problem in (found or "")


def test_a_problem_with_a_resident_number_does_not_repeat_it() -> None:
    column = CADRES.sheets[0].column("resident_number")
    with pytest.raises(BadCell) as caught:
        value_of(column, "440103193501010014", Span(2022, date(2023, 1, 1)))
    assert "1935" not in str(caught.value)


AID = {
    "applied_on": date(2021, 11, 20),
    "reviewed_on": date(2022, 1, 18),
    "outcome": "approved",
    "amount_fen": 800_000,
    "pay_on": None,
}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"pay_on": date(2022, 1, 18)}, []),
        ({"outcome": "declined", "amount_fen": None}, []),
        ({"amount_fen": None}, [(2, "amount_fen", "批准的帮扶应填写金额")]),
        ({"pay_on": date(2022, 1, 17)}, [(2, "pay_on", "拨付日期 2022-01-17 早于审批日期 2022-01-18")]),
        ({"reviewed_on": date(2021, 11, 19)}, [(2, "reviewed_on", "审批日期 2021-11-19 早于申请日期 2021-11-20")]),
        (
            {"outcome": "declined", "pay_on": date(2022, 1, 19)},
            [(2, "pay_on", "未批准的帮扶不应有拨付日期（2022-01-19）；已批准的，审批结果请填“批准”")],
        ),
    ],
)
def test_an_aid_case_is_consistent(change: Values, found: list[tuple[int, str, str]]) -> None:
    assert findings(OUTREACH, aid_cases=[{**AID, **change}]) == found


def test_a_suggestion_is_resolved_after_it_came() -> None:
    rows = [{"received_on": date(2022, 4, 6), "resolved_on": day} for day in (date(2022, 4, 5), date(2022, 4, 6), None)]
    assert findings(OUTREACH, suggestions=rows) == [(2, "resolved_on", "办结日期 2022-04-05 早于收到日期 2022-04-06")]


def session(number: str, **change: Value) -> Values:
    return {
        "session_no": number,
        "programme": "college",
        "state": "held",
        "topic": None,
        "others_count": 0,
        **change,
    }


def test_research_needs_its_topic() -> None:
    rows = [session("1", programme="research"), session("2", programme="research", topic="养老")]
    assert findings(ACTIVITIES, sessions=rows) == [(2, "topic", "类型为“专题调研”的应填写专题")]


def test_nobody_attends_a_cancelled_session() -> None:
    rows = [session("1", state="cancelled"), session("2", state="cancelled", others_count=3), session("3")]
    attendances = [{"session_no": "1"}, {"session_no": "3"}]
    assert findings(ACTIVITIES, sessions=rows, attendances=attendances) == [
        (3, "others_count", "已取消的场次不应有参加人次（3）；已举办的，状态请填“已举办”"),
        (2, "session_no", "该场次已取消，不应有考勤；已举办的，状态请填“已举办”"),
    ]


def test_no_more_are_vaccinated_than_came() -> None:
    rows = [{"attended": 3, "vaccinated": 3}, {"attended": 3, "vaccinated": 4}]
    assert findings(ACTIVITIES, vaccination_rosters=rows) == [(3, "vaccinated", "接种人数 4 多于到场人数 3")]


def test_every_figure_is_explained_once_for_each_sheet_that_makes_it() -> None:
    explained = [figure.code for workbook in WORKBOOKS for sheet in workbook.sheets for figure in sheet.figures]
    with (ROOT / "demo" / "indicators-2022.csv").open(encoding="utf-8") as table:
        codes = [row["code"] for row in csv.DictReader(table)]
    assert set(explained) == set(codes)
