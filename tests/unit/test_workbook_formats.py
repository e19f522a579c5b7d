"""Number formats: a cell means what Excel shows. What can't be told, or differs from what is stored, is refused."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongxia.workbook.cells import clean
from hongxia.workbook.declare import Value
from hongxia.workbook.numberformat import shown_number
from hongxia.workbook.write import write
from tests.unit.workbook_builders import BOOK, by_hand, errors, notes, parsed, row, values, written

LETTERS = {"no": "A", "on": "B", "fen": "C", "people": "D", "alone": "E", "month": "F", "form": "G", "remark": "H"}
DAY = 44621  # 2022-03-01 in the system of 1900


def one(field: str, number: object, code: str | int, **settings: Any) -> bytes:
    """A file whose only row holds that number under that format, given by its code or its built-in number."""
    cell = f'<{{p}}c r="{LETTERS[field]}2" s="1"><{{p}}v>{number}</{{p}}v></{{p}}c>'
    formats, style = ({200: code}, 200) if isinstance(code, str) else ({}, code)
    rows = f'<{{p}}row r="2">{cell}</{{p}}row>' if field == "no" else row(2, cell)
    return by_hand(rows, formats=formats, styles=(0, style), **settings)


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        (7, "0000", "0007"),
        (7, '"G"0000', "G0007"),
        (7, "\\G0000", "G0007"),
        (1234567, "000-0000", "123-4567"),
        (12, '"第"0"号"', "第12号"),
        (7, '[$-804]"编"000;@', "编007"),
        (0.5, "0%", "50%"),
        (2.5, "0.00", "2.50"),
        (1200, "#,##0", "1,200"),
        (-7, "0;(0)", "(7)"),
        (3, 'General"组"', "3组"),
        (3, 'G/通用格式"组"', "3组"),
        (3, "[Red]00", "03"),
        (3, "_ * 0_ ", "3"),
        (0, '0;-0;"无"', "无"),
        (7, 1, "7"),
        (7, 49, "7"),
    ],
)
def test_a_number_in_a_text_column_is_the_text_that_is_shown(number: float, code: str | int, text: str) -> None:
    assert values(one("no", number, code), "no") == [text]


@pytest.mark.parametrize("code", ["0", "0%", "#,##0", "0.0"])
def test_a_text_that_a_rounding_format_shows_shorter_is_refused(code: str) -> None:
    assert errors(one("remark", 1234.567, code)) == [
        "走访：第2行“备注”：数字格式使显示的内容与存储的数值不同，请改为文本格式并重新填写"
    ]


@pytest.mark.parametrize(
    "code", [";;;", "# ?/?", "0.00E+00", "[DBNum2]0", "G0000", "[>9]0;[<5]0", 12, 48, 163, "@@x"], ids=str
)
def test_a_format_that_can_not_be_shown_exactly_is_refused_and_not_guessed(code: str | int) -> None:
    for field in ("remark", "fen", "people"):
        (error,) = errors(one(field, 7, code))
        assert "数字格式" in error or "显示为 空白" in error


def test_a_style_that_the_file_does_not_give_is_refused() -> None:
    assert "数字格式" in errors(by_hand(row(2, '<{p}c r="H2" s="7"><{p}v>7</{p}v></{p}c>')))[0]
    assert values(by_hand(row(2, '<{p}c r="H2" s="0"><{p}v>7</{p}v></{p}c>')), "remark") == ["7"]


def test_a_format_for_texts_puts_something_before_a_text() -> None:
    cells = '<{p}c r="H2" s="1" t="inlineStr"><{p}is><{p}t>一组</{p}t></{p}is></{p}c>'
    data = by_hand(row(2, cells), formats={200: '"联络"@'}, styles=(0, 200))
    assert values(data, "remark") == ["联络一组"]
    hidden = by_hand(row(2, cells), formats={200: ";;;"}, styles=(0, 200))
    assert "数字格式" in errors(hidden)[0]


@pytest.mark.parametrize(
    ("number", "code", "error"),
    [
        (12.345, "0.00", "金额最多两位小数：单元格存的是 12.345，显示为 12.35"),
        (12.345, 4, "金额最多两位小数：单元格存的是 12.345，显示为 12.35"),
        (12800.5, "#,##0", "单元格存的是 12800.5，显示为 12,801，请改用显示全部数字的格式"),
        (0.5, "0%", "单元格存的是 0.5，显示为 50%，请改用显示全部数字的格式"),
        (123456, '0!.0,"万"', "单元格存的是 123456，显示为 12.3万，请改用显示全部数字的格式"),
        (1234567, "#,##0,", "单元格存的是 1234567，显示为 1,235，请改用显示全部数字的格式"),
        (5, '"有"', "单元格存的是 5，显示为 有，请改用显示全部数字的格式"),
    ],
)
def test_an_amount_that_is_shown_otherwise_is_refused_with_both_values(
    number: float, code: str | int, error: str
) -> None:
    assert errors(one("fen", number, code)) == [f"走访：第2行“金额（元）”：{error}"]


@pytest.mark.parametrize(
    ("number", "code", "fen"),
    [
        (12.3, "0.00", 1230),
        (1234.5, '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', 123450),
        (0, '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', 0),
        (-1234.5, "0.00;[Red]0.00", -123450),
        (1000, "[$￥-804]#,##0.00", 100000),
        (1000, '#,##0.00"元"', 100000),
        (8, 44, 800),
        (8, 5, 800),
    ],
)
def test_an_amount_may_be_shown_in_the_usual_ways(number: float, code: str | int, fen: int) -> None:
    assert values(one("fen", number, code), "fen") == [fen]


def test_a_whole_number_that_is_shown_rounded_is_refused_with_both_values() -> None:
    assert errors(one("people", 2.4, "0")) == ["走访：第2行“人数”：应为整数：单元格存的是 2.4，显示为 2"]


def test_a_number_that_was_typed_as_text_is_a_number() -> None:
    def fill(book: Any, page: Any) -> None:
        page.write_row(1, 0, ("Z1",))
        page.write_string(1, 2, "12")
        page.write_string(1, 3, "3")

    assert (values(written(fill), "fen"), values(written(fill), "people")) == ([1200], [3])


@pytest.mark.parametrize(
    "code",
    [
        14, 15, 22, 30, 31,
        'yyyy"年"m"月"d"日"', "[$-804]yyyy/m/d;@", '[DBNum1][$-804]yyyy"年"m"月"d"日";@', "yyyy-mm-dd", "yy/m/d",
        "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "e年m月d日", "yyyy\\-mm\\-dd\\ hh:mm",
    ],
    ids=str,
)  # fmt: skip
def test_a_number_under_a_format_of_dates_is_a_date(code: str | int) -> None:
    assert values(one("on", DAY, code), "on") == [date(2022, 3, 1)]
    assert values(one("month", DAY, code), "month") == ["2022-03"]
    assert notes(one("on", DAY, code)) == []


@pytest.mark.parametrize(
    "code", [16, 17, 27, 28, 29, 36, 50, 51, 52, 53, 54, 57, 58, 'm"月"d"日"', "aaaa", 'yyyy"年"m"月"'], ids=str
)
def test_a_date_that_is_shown_in_part_is_read_and_mentioned(code: str | int) -> None:
    data = one("on", DAY, code)
    assert values(data, "on") == [date(2022, 3, 1)]
    assert notes(data) == ["“走访”表“日期”列有 1 个日期没有显示完整的年月日（第2行），已按存储的日期读取，请核对"]
    assert notes(one("month", DAY, code)) == []


@pytest.mark.parametrize("code", [18, 19, 20, 21, 32, 33, 45, 46, 55, 56, "[h]:mm"], ids=str)
def test_a_time_of_day_is_no_date(code: str | int) -> None:
    assert errors(one("on", 0.5, code)) == ["走访：第2行“日期”：应为日期，如 2022-03-01"]


def test_dates_count_from_1904_where_the_file_says_so() -> None:
    assert values(one("on", DAY - 1462, 14, date1904=True), "on") == [date(2022, 3, 1)]

    def fill(book: Any, page: Any) -> None:
        page.write_row(1, 0, ("Z1",))
        page.write_datetime(1, 1, date(2022, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))

    assert values(written(fill, date_1904=True), "on") == [date(2022, 3, 1)]


@pytest.mark.parametrize("number", [60, -1, 3_000_000, "1e300"])
def test_a_number_that_is_no_day_is_refused(number: object) -> None:
    assert errors(one("on", number, 14)) == ["走访：第2行“日期”：单元格是日期格式，但数值不是日期，请重新填写日期"]


def test_a_day_number_without_a_format_of_dates_is_refused() -> None:
    for code in (0, 1, "0.00", '"第"0'):
        assert errors(one("on", DAY, code)) == ["走访：第2行“日期”：应为日期，如 2022-03-01"]


def test_digits_that_a_format_shows_as_a_date_are_that_date() -> None:
    assert values(one("on", 20220301, '0000"-"00"-"00'), "on") == [date(2022, 3, 1)]
    assert values(one("month", 202203, '0000"-"00'), "month") == ["2022-03"]


def test_yes_no_and_choices_are_what_the_format_shows_for_a_number() -> None:
    for number, alone in ((1, True), (0, False)):
        assert values(one("alone", number, '[=1]"是";[=0]"否"'), "alone") == [alone]
        assert values(one("alone", number, '"是";;"否"'), "alone") == [alone]
    assert values(one("form", 2, '[=1]"家访";"电话"'), "form") == ["phone"]


def test_a_long_number_loses_no_digit_whatever_its_format() -> None:
    assert errors(one("no", 440103193501010013, "0")) == [
        "走访：第2行“编号”：长数字请以文本格式填写（数字格式会丢失末尾几位）"
    ]


@given(st.integers(0, 10**14), st.integers(0, 4), st.booleans())
def test_places_for_digits_show_what_python_shows(number: int, decimals: int, grouped: bool) -> None:
    value = number / 10**decimals
    code = ("#,##0" if grouped else "0") + ("." + "0" * decimals if decimals else "")
    shown = shown_number(value, code)
    assert shown is not None
    digits = f"{number:0{decimals + 1}d}"
    whole, rest = (digits[:-decimals], "." + digits[-decimals:]) if decimals else (digits, "")
    assert shown.text == (f"{int(whole):,}" if grouped else whole) + rest
    assert shown.exact


TEXTS = (
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
    .map(lambda text: unicodedata.normalize("NFC", text))  # as texts are kept
    .filter(lambda text: not text.startswith("#"))  # as the error values of formulas do
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "no": TEXTS,
            "on": st.dates(date(1900, 3, 1)),
            "fen": st.integers(-(10**13), 10**13),
            "people": st.integers(-(10**14), 10**14),
            "alone": st.booleans(),
            "month": st.dates(date(1900, 3, 1)).map(lambda day: f"{day:%Y-%m}" if day.year > 999 else "2022-01"),
            "form": st.sampled_from(["home", "phone"]),
            "remark": st.none() | TEXTS,
        }
    ),
    max_size=20,
    unique_by=lambda values: values["no"],
)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_what_is_written_for_every_kind_of_column_comes_back_equal(rows: list[dict[str, Value]]) -> None:
    expected = [{name: clean(v) if isinstance(v, str) else v for name, v in values.items()} for values in rows]
    found = parsed(write(BOOK, 2022, "某局", {"visits": rows}))
    assert [dict(line.values) for line in found.rows["visits"]] == expected


def test_a_date_with_a_time_is_its_day() -> None:
    def fill(book: Any, page: Any) -> None:
        page.write_row(1, 0, ("Z1",))
        moment = datetime(2022, 3, 1, 23, 59, 59)  # noqa: DTZ001  a cell knows no zone
        page.write_datetime(1, 1, moment, book.add_format({"num_format": "yyyy-mm-dd"}))

    assert values(written(fill), "on") == [date(2022, 3, 1)]
