"""What a cell may hold, kind by kind."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from hongxia.workbook.cells import BadCell, Span, value_of
from hongxia.workbook.declare import Column, Kind, Value

SPAN = Span(2022, date(2022, 10, 15))
FORMS = {"家访": "home", "其他（注明）": "other"}


def cell_date(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  a cell knows no zone


def column(kind: Kind, **settings: Any) -> Column:
    if kind is Kind.CHOICE:
        settings.setdefault("choices", FORMS)
    return Column("列", "field", kind, "", "", **settings)


def read(kind: Kind, raw: object, **settings: Any) -> Value:
    return value_of(column(kind, **settings), raw, SPAN)


def refused(kind: Kind, raw: object, **settings: Any) -> str:
    with pytest.raises(BadCell) as caught:
        read(kind, raw, **settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  家访\u3000", "家访"),
        ("\u200bＧ０００１\ufeff", "G0001"),
        ("林\u3000晓霞", "林 晓霞"),
        ("家访\r\n", "家访"),
        ("两行\n文字", "两行 文字"),
        ("张\U00031350\ue000", "张\U00031350\ue000"),
        (1001, "1001"),
        (1001.0, "1001"),
        (2.5, "2.5"),
        ("（括号）不变，全角标点也不变", "（括号）不变，全角标点也不变"),
    ],
)
def test_a_text_is_kept_as_meant(raw: object, text: str) -> None:
    assert read(Kind.TEXT, raw) == text


@pytest.mark.parametrize(("raw", "why"), [("响\x07铃", "U+0007"), ("左\u202e右", "U+202E")])
def test_a_text_that_the_api_would_refuse_is_refused_for_the_same_reason(raw: str, why: str) -> None:
    assert why in refused(Kind.TEXT, raw)


def test_a_long_number_is_refused_because_its_last_digits_are_lost_already() -> None:
    assert "文本格式" in refused(Kind.TEXT, 440103193501010000)


@pytest.mark.parametrize(
    "raw", [True, cell_date(2022, 3, 1), time(9), "一" * 101, "响\x07铃"], ids=["bool", "date", "time", "long", "bell"]
)
def test_what_is_no_text_is_refused(raw: object) -> None:
    refused(Kind.TEXT, raw)


def test_a_check_of_the_column_says_what_is_wrong() -> None:
    assert refused(Kind.TEXT, "abc", check=lambda text: f"{len(text)}位不对") == "3位不对"


@pytest.mark.parametrize(
    ("raw", "number"),
    [(12, 12), (12.0, 12), ("12", 12), (" １２ ", 12), ("1,200", 1200), ("0", 0)],
)
def test_an_integer_may_be_typed_in_several_ways(raw: object, number: int) -> None:
    assert read(Kind.INTEGER, raw) == number


@pytest.mark.parametrize("raw", [1.5, "1.5", "十二", True, cell_date(2022, 3, 1), "1e5", "12人", "1,20"])
def test_what_is_no_integer_is_refused(raw: object) -> None:
    assert refused(Kind.INTEGER, raw) == "应为整数"


@pytest.mark.parametrize(
    ("raw", "settings", "message"),
    [
        (-1, {}, "不能为负数"),
        (0, {"minimum": 1}, "不能小于1"),
        (100, {"maximum": 99}, "不能大于99"),
        ("9" * 20, {}, f"不能大于{10**15}"),
    ],
)
def test_an_integer_has_bounds(raw: object, settings: dict[str, Any], message: str) -> None:
    assert refused(Kind.INTEGER, raw, **settings) == message


@pytest.mark.parametrize(
    ("raw", "fen"),
    [
        (12.3, 1230),
        (0.1 + 0.2, 30),
        (19.99, 1999),
        (1154499.5, 115449950),
        (195000, 19500000),
        ("1,234.50", 123450),
        ("￥1234.5", 123450),
        ("１２．３０", 1230),
    ],
)
def test_an_amount_becomes_fen_exactly(raw: object, fen: int) -> None:
    assert read(Kind.YUAN, raw) == fen


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (1.234, "金额最多两位小数"),
        ("1.234", "金额最多两位小数"),
        (-1, "不能为负数"),
        ("19.5万元", "应为金额（元），如 1234.50"),
        ("1.234.5", "应为金额（元），如 1234.50"),
        (float("nan"), "数值超出范围"),
    ],
)
def test_what_is_no_amount_is_refused(raw: object, message: str) -> None:
    assert refused(Kind.YUAN, raw) == message


def test_a_negative_amount_is_taken_where_the_column_allows_it() -> None:
    assert read(Kind.YUAN, "−20000.00", minimum=None) == -2_000_000
    assert read(Kind.YUAN, -0.01, minimum=None) == -1


@pytest.mark.parametrize(
    "raw",
    [
        cell_date(2022, 3, 1, 9, 30),
        date(2022, 3, 1),
        "2022-03-01",
        "2022/3/1",
        "2022.3.1",
        "2022年3月1日",
        "２０２２年０３月０１日",
        "2022 年 3 月 1 日",
        "2022-03-01 00:00:00",
        "20220301",
        20220301,
    ],
)
def test_a_date_may_be_typed_in_several_ways(raw: object) -> None:
    assert read(Kind.DATE, raw) == date(2022, 3, 1)


@pytest.mark.parametrize("raw", [44621, "22-3-1", "3月1日", "2022-03", "2022-3/1", "2022年3-1", True, time(9), "明天"])
def test_what_could_mean_another_date_is_refused(raw: object) -> None:
    assert refused(Kind.DATE, raw) == "应为日期，如 2022-03-01"


@pytest.mark.parametrize("raw", ["2022-02-30", "2022-13-01", "20220001"])
def test_a_day_that_does_not_exist_is_refused(raw: object) -> None:
    assert "没有这一天" in refused(Kind.DATE, raw)


def test_a_date_is_held_to_the_year_and_to_today() -> None:
    assert refused(Kind.DATE, "2021-12-31", within_year=True) == "日期 2021-12-31 不在本表年度内（2022年）"
    assert refused(Kind.DATE, "2022-10-16", not_future=True) == "日期 2022-10-16 晚于今天（2022-10-15）"
    assert read(Kind.DATE, "2022-10-15", within_year=True, not_future=True) == date(2022, 10, 15)
    assert read(Kind.DATE, "2030-01-01") == date(2030, 1, 1)


@pytest.mark.parametrize("raw", ["2022-03", "2022/3", "2022年3月", cell_date(2022, 3, 31)])
def test_a_month_may_be_typed_in_several_ways(raw: object) -> None:
    assert read(Kind.MONTH, raw) == "2022-03"


def test_a_month_is_held_to_the_year_and_to_the_present() -> None:
    assert "年度" in refused(Kind.MONTH, "2021-12", within_year=True)
    assert refused(Kind.MONTH, "2022-11", not_future=True) == "月份 2022-11 晚于本月（2022-10）"
    assert refused(Kind.MONTH, "2022-13") == "应为月份，如 2022-03"


def test_yes_and_no() -> None:
    assert read(Kind.YES_NO, "是") is True
    assert read(Kind.YES_NO, " 否 ") is False
    assert read(Kind.YES_NO, True) is True
    assert "“是”或“否”" in refused(Kind.YES_NO, "有")


def test_a_choice_is_its_code_whatever_the_width_of_its_brackets() -> None:
    assert read(Kind.CHOICE, "家访 ") == "home"
    assert read(Kind.CHOICE, "其他(注明)") == "other"
    assert refused(Kind.CHOICE, "医院") == "应为以下之一：家访、其他（注明）"
    assert refused(Kind.CHOICE, cell_date(2022, 3, 1)) == "应为文本"


def test_a_long_list_of_choices_is_not_repeated_in_full() -> None:
    many = {f"值{number}": str(number) for number in range(30)}
    assert "值29" not in refused(Kind.CHOICE, "无", choices=many)


@pytest.mark.parametrize("raw", [None, "", "  ", "\u3000", "\u200b"])
def test_an_empty_cell_is_an_error_or_the_default(raw: object) -> None:
    assert refused(Kind.INTEGER, raw) == "不能为空"
    assert read(Kind.INTEGER, raw, required=False) is None
    assert read(Kind.INTEGER, raw, required=False, default=0) == 0


def test_an_error_value_of_a_formula_is_named_as_such() -> None:
    assert "公式错误值" in refused(Kind.TEXT, "#N/A")
    assert "公式错误值" in refused(Kind.YUAN, "#DIV/0!")


def test_messages_never_repeat_what_the_cell_holds() -> None:
    secret = "440103193501010013"
    for kind in Kind:
        if kind is not Kind.TEXT:
            try:
                read(kind, secret)
            except BadCell as error:
                assert secret not in str(error)


def test_an_amount_with_more_digits_than_can_be_counted_is_refused_and_never_rounded() -> None:
    assert "金额" in refused(Kind.YUAN, "0.01000000000000000000000000009")
    assert read(Kind.YUAN, "0.010000000") == 1
    assert "两位小数" in refused(Kind.YUAN, "123456789012.345")
