"""Formulas count by their stored result. One without any is refused by cell, however the file writes it."""

from __future__ import annotations

from typing import Any

import pytest

from hongxia.workbook.errors import NotAWorkbook
from tests.unit.workbook_builders import MAIN, STRICT, by_hand, errors, inline, notes, row, values, written

NO_RESULT = "公式没有计算结果，请用 Excel 打开并保存，或粘贴为数值"

every_namespace = pytest.mark.parametrize(
    ("prefix", "namespace"), [("", MAIN), ("x", MAIN), ("ss", STRICT), ("", STRICT)], ids=["plain", "x", "ss", "strict"]
)


@every_namespace
def test_a_formula_without_a_result_is_refused_whatever_the_namespace(prefix: str, namespace: str) -> None:
    data = by_hand(row(2, '<{p}c r="E2"><{p}f>A1="x"</{p}f></{p}c>'), prefix=prefix, namespace=namespace)
    assert errors(data) == [f"走访：第2行“独居”：{NO_RESULT}"]


@every_namespace
def test_a_formula_with_a_result_is_read_whatever_the_namespace(prefix: str, namespace: str) -> None:
    data = by_hand(row(2, '<{p}c r="D2"><{p}f>1+2</{p}f><{p}v>3</{p}v></{p}c>'), prefix=prefix, namespace=namespace)
    assert values(data, "people") == [3]


@pytest.mark.parametrize(
    "cell",
    [
        '<{p}c r="D2"><{p}f>1+2</{p}f><{p}v/></{p}c>',
        '<{p}c r="D2"><{p}f/></{p}c>',
        '<{p}c r="D2"><{p}f t="shared" si="0"/></{p}c>',
        '<{p}c r="D2"><{p}f t="array" ref="D2">SUM(A1:A9)</{p}f></{p}c>',
        '<{p}c r="D2" t="e"><{p}f>1/0</{p}f></{p}c>',
    ],
    ids=["empty value", "empty formula", "shared", "array", "error kind"],
)
def test_every_kind_of_formula_without_a_result_is_refused(cell: str) -> None:
    assert errors(by_hand(row(2, cell))) == [f"走访：第2行“人数”：{NO_RESULT}"]


def test_the_other_cells_of_an_array_without_results_are_refused_even_if_the_file_leaves_them_out() -> None:
    first = row(2, '<{p}c r="D2"><{p}f t="array" ref="D2:D5">ROW(A1:A4)</{p}f><{p}v>1</{p}v></{p}c>')
    assert errors(by_hand(first + row(3) + row(5, '<{p}c r="D5"><{p}v>4</{p}v></{p}c>'))) == [
        f"走访：第3行“人数”：{NO_RESULT}",
        "走访：第4行“编号”：不能为空",
        f"走访：第4行“人数”：{NO_RESULT}",
    ]


def test_an_array_with_all_its_results_is_read() -> None:
    first = row(2, '<{p}c r="D2"><{p}f t="array" ref="D2:D3">ROW(A1:A2)</{p}f><{p}v>1</{p}v></{p}c>')
    assert values(by_hand(first + row(3, '<{p}c r="D3"><{p}v>2</{p}v></{p}c>')), "people") == [1, 2]


def test_a_formula_whose_result_is_an_empty_text_is_refused_in_a_filled_row() -> None:
    cell = '<{p}c r="E2" t="str"><{p}f>IF(A2="","是","")</{p}f><{p}v></{p}v></{p}c>'
    assert errors(by_hand(row(2, cell))) == ["走访：第2行“独居”：公式的结果为空，请填写内容或清除公式"]


def test_formulas_copied_down_below_the_data_make_no_rows() -> None:
    empty = '<{p}row r="%d"><{p}c r="E%d" t="str"><{p}f>IF(A1="","","是")</{p}f><{p}v></{p}v></{p}c></{p}row>'
    lookup = '<{p}row r="%d"><{p}c r="I%d" t="e"><{p}f>VLOOKUP(A1,X,2)</{p}f><{p}v>#N/A</{p}v></{p}c></{p}row>'
    rows = row(2) + "".join(empty % (n, n) for n in (3, 4)) + "".join(lookup % (n, n) for n in (5, 6))
    assert values(by_hand(rows), "no") == ["Z2"]


def test_a_formula_without_a_result_alone_in_its_row_is_no_empty_row() -> None:
    data = by_hand(row(2) + '<{p}row r="3"><{p}c r="D3"><{p}f>1+2</{p}f></{p}c></{p}row>')
    assert errors(data) == ["走访：第3行“编号”：不能为空", f"走访：第3行“人数”：{NO_RESULT}"]


def test_a_formula_in_a_column_that_is_not_read_needs_no_result() -> None:
    assert values(by_hand(row(2, '<{p}c r="I2"><{p}f>VLOOKUP(A2,X,2)</{p}f></{p}c>')), "no") == ["Z2"]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#FIELD!", "#BUSY!"])
def test_an_error_value_is_refused_also_one_that_a_newer_excel_has(error: str) -> None:
    data = by_hand(row(2, f'<{{p}}c r="H2" t="e"><{{p}}f>X</{{p}}f><{{p}}v>{error}</{{p}}v></{{p}}c>'))
    assert errors(data) == ["走访：第2行“备注”：单元格是公式错误值，请改为实际内容"]


def test_a_picture_that_wps_puts_into_a_cell_is_no_text() -> None:
    cell = '<{p}c r="H2" t="str"><{p}f>_xlfn.DISPIMG("ID_1",1)</{p}f><{p}v>=DISPIMG("ID_1",1)</{p}v></{p}c>'
    assert errors(by_hand(row(2, cell))) == ["走访：第2行“备注”：单元格是嵌入的图片，请改为文字"]


def test_a_header_or_a_number_of_the_cover_may_be_a_formula_with_a_result() -> None:
    def fill(book: Any, page: Any) -> None:
        book.get_worksheet_by_name("封面").write_formula("B2", "=2021+1", None, 2022)
        page.write_formula("H1", '="备"&"注"', None, "备注")
        page.write_row(1, 0, ("Z1",))

    assert values(written(fill), "no") == ["Z1"]
    assert notes(written(fill)) == []


def test_a_header_without_a_result_is_refused() -> None:
    def fill(book: Any, page: Any) -> None:
        page.write_formula("H1", '="备"&"注"', None, "")

    assert errors(written(fill)) == ["走访：第1行：H1 的表头无法读取，请直接填写文字"]


def test_content_in_a_row_that_the_file_numbers_twice_is_not_dropped() -> None:
    for rows in (row(3) + row(2), row(2) + row(2), row(2, inline("A2", "again"))):
        with pytest.raises(NotAWorkbook, match="已损坏"):
            values(by_hand(rows), "no")


def test_rows_and_cells_that_are_not_numbered_follow_each_other() -> None:
    text = '<{p}c t="inlineStr"><{p}is><{p}t>%s</{p}t></{p}is></{p}c>'
    rows = "".join(
        f"<{{p}}row>{text % number}<{{p}}c/>{'<{p}c><{p}v>1.5</{p}v></{p}c>'}</{{p}}row>" for number in ("Z1", "Z2")
    )
    assert values(by_hand(rows), "fen") == [150, 150]
