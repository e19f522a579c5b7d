"""What a person does not see in a file is read, counted and named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.workbook_builders import by_hand, errors, notes, row, values, written


def _rows(page: Any, numbers: range) -> None:
    for number in numbers:
        page.write_string(number - 1, 0, f"Z{number}")


def test_rows_that_a_filter_hides_are_read_and_named() -> None:
    def fill(book: Any, page: Any) -> None:
        _rows(page, range(2, 13))
        page.autofilter("A1:I12")
        page.filter_column("A", "x != Z5")
        for number in (5, 9, 12):
            page.set_row(number - 1, None, None, {"hidden": True})

    assert len(values(written(fill), "no")) == 11
    assert notes(written(fill)) == ["“走访”表有 3 行处于隐藏或筛选状态（第5、9、12行），已一并读取"]


@pytest.mark.parametrize("attributes", ['hidden="1"', 'hidden="true"', 'ht="0" customHeight="1"'])
def test_a_row_is_hidden_by_hand_or_drawn_down_to_nothing(attributes: str) -> None:
    data = by_hand(row(2) + row(3, attributes=attributes), prefix="x")
    assert notes(data) == ["“走访”表有 1 行处于隐藏或筛选状态（第3行），已一并读取"]


def test_many_hidden_rows_are_named_by_their_spans() -> None:
    hidden = [2, 3, 4, *range(6, 40, 2)]
    data = by_hand("".join(row(number, attributes='hidden="1"' if number in hidden else "") for number in range(2, 50)))
    assert notes(data) == [
        "“走访”表有 20 行处于隐藏或筛选状态（第2至4、6、8、10、12、14、16、18、20、22行等），已一并读取"
    ]


def test_hidden_rows_without_content_and_rows_that_are_shown_need_no_note() -> None:
    data = by_hand(row(2, attributes='hidden="0" ht="14"') + '<{p}row r="3" hidden="1"><{p}c r="A3" s="1"/></{p}row>')
    assert notes(data) == []


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ('<{p}col min="5" max="5" hidden="1"/>', ["“走访”表有 1 列处于隐藏状态（独居），已一并读取"]),
        ('<{p}col min="2" max="4" width="0"/>', ["“走访”表有 3 列处于隐藏状态（日期、金额（元）、人数），已一并读取"]),
        ('<{p}col min="9" max="99" hidden="1"/><{p}col min="1" max="8" width="9"/>', []),
    ],
    ids=["hidden", "no width", "columns that are not read"],
)
def test_hidden_columns_are_named(columns: str, note: list[str]) -> None:
    assert notes(by_hand(row(2), before=f"<{{p}}cols>{columns}</{{p}}cols>")) == note


@pytest.mark.parametrize("hide", ["hide", "very_hidden"])
def test_a_hidden_sheet_is_read_and_named(hide: str) -> None:
    def fill(book: Any, page: Any) -> None:
        _rows(page, range(2, 5))
        getattr(page, hide)()

    assert notes(written(fill)) == ["“走访”表是隐藏的工作表，其中 3 行已一并读取"]


def test_a_hidden_sheet_that_is_not_declared_is_an_error_like_any_other() -> None:
    def fill(book: Any, page: Any) -> None:
        other = book.add_worksheet("草稿")
        other.write_string("A1", "一")
        other.hide()

    assert errors(written(fill)) == ["草稿：模板中没有这张工作表，应为：走访"]


def test_an_empty_sheet_and_a_chart_are_mentioned() -> None:
    def fill(book: Any, page: Any) -> None:
        _rows(page, range(2, 3))
        book.add_worksheet("Sheet2")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "='走访'!$D$2:$D$3"})
        book.add_chartsheet("图").set_chart(chart)

    assert notes(written(fill)) == ["“Sheet2”表是空表，没有读取", "“图”是图表或宏表，没有读取"]


def test_rows_far_below_the_others_are_read_and_mentioned() -> None:
    data = by_hand(row(2) + row(40) + row(90) + row(1000))
    assert values(data, "no") == ["Z2", "Z40", "Z90", "Z1000"]
    assert notes(data) == [
        "“走访”表第90行之后空了 909 行，第1000行起的内容已一并读取",
    ]


def test_content_without_a_header_is_refused_by_the_letter_of_its_column() -> None:
    def fill(book: Any, page: Any) -> None:
        _rows(page, range(2, 4))
        page.write_string("K2", "旁注")
        page.write_string("AB3", "合计")

    assert errors(written(fill)) == ["走访：第2行：第K列有内容但没有表头", "走访：第3行：第AB列有内容但没有表头"]
