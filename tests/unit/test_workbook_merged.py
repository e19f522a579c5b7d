"""Merged cells: refused where they could hide that a cell is empty, harmless elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.workbook_builders import TITLES, errors, parsed, values, written


def _three_rows(page: Any) -> None:
    for number in (1, 2, 3):
        page.write_string(number, 0, f"Z{number}")


@pytest.mark.parametrize(
    ("area", "content", "error"),
    [
        ("E2:E4", "是", "走访：第2行“独居”：E2:E4 是合并单元格，请取消合并并逐行填写"),
        ("G2:H2", "家访", "走访：第2行“形式”：G2:H2 是合并单元格，请取消合并并逐格填写"),
        ("H4:I7", "备注", "走访：第4行“备注”：H4:I7 是合并单元格，请取消合并并逐行填写"),
        ("H3:L4", "", "走访：第3行“备注”：H3:L4 是合并单元格，请取消合并并逐行填写"),
    ],
    ids=["optional column", "within a row", "down beyond the data", "blank, out beyond the columns"],
)
def test_a_range_over_a_column_that_is_read_is_refused_by_its_name(area: str, content: str, error: str) -> None:
    def fill(book: Any, page: Any) -> None:
        _three_rows(page)
        page.merge_range(area, content)

    assert errors(written(fill)) == [error]


def test_a_range_over_a_required_column_is_one_error_and_not_one_for_each_empty_cell() -> None:
    def fill(book: Any, page: Any) -> None:
        page.merge_range("A2:A5", "Z1")
        for number in (1, 2, 3, 4):
            page.write_string(number, 7, "一")
        page.write_string(5, 7, "没有编号")

    assert errors(written(fill)) == [
        "走访：第2行“编号”：A2:A5 是合并单元格，请取消合并并逐行填写",
        "走访：第6行“编号”：不能为空",
    ]


def test_several_ranges_are_several_errors() -> None:
    def fill(book: Any, page: Any) -> None:
        _three_rows(page)
        page.merge_range("B2:B3", "2022-03-01")
        page.merge_range("E3:E4", "是")

    assert len(errors(written(fill))) == 2


def test_many_empty_cells_below_a_merged_one_do_not_hide_that_it_is_merged() -> None:
    def fill(book: Any, page: Any) -> None:
        page.merge_range("A2:A900", "Z1")
        for number in range(1, 899):
            page.write_string(number, 7, "一")

    assert errors(written(fill))[0] == "走访：第2行“编号”：A2:A900 是合并单元格，请取消合并并逐行填写"


@pytest.mark.parametrize("area", ["K2:M4", "A9:H9", "I2:I4"], ids=["beside", "below", "column that is not read"])
def test_a_range_that_covers_nothing_that_is_read_is_no_error(area: str) -> None:
    def fill(book: Any, page: Any) -> None:
        _three_rows(page)
        page.merge_range(area, "")

    assert values(written(fill), "no") == ["Z1", "Z2", "Z3"]


def test_a_decorated_cover_is_no_error() -> None:
    def fill(book: Any, page: Any) -> None:
        cover = book.get_worksheet_by_name("封面")
        cover.merge_range("A6:H7", "二〇二二年度走访登记")
        cover.merge_range("B3:D3", "某局")

    assert parsed(written(fill)).unit == "某局"


@pytest.mark.parametrize(
    "area", ["A1:I1", "A1:A2", "G1:H1", "K1:L1"], ids=["title", "two rows", "two headers", "beside"]
)
def test_a_merged_header_is_refused_unless_it_is_beside_the_columns(area: str) -> None:
    def fill(book: Any, page: Any) -> None:
        if area == "A1:I1":
            page.write_row(1, 0, TITLES)
        page.merge_range(area, "" if area == "K1:L1" else "编号" if area == "A1:A2" else "走访登记表")
        page.write_string(3, 0, "Z1")

    if area == "K1:L1":
        assert values(written(fill), "no") == ["Z1"]
    else:
        assert errors(written(fill)) == [f"走访：第1行：{area} 是合并单元格：表头应在第1行，一列一个，请取消合并"]
