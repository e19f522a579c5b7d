"""From what a cell holds to a value: one function per kind, each raising `BadCell` with the reason in Chinese.

Offices fill in sheets by hand and by pasting: blanks around a text, full-width digits, dates and amounts written as
text are all taken; what could mean two things is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite

from hongxia.names import clean_text, half_width
from hongxia.workbook.content import ERROR_VALUE, Formatted, Unreadable
from hongxia.workbook.declare import Column, Kind, Value
from hongxia.workbook.grid import INVISIBLE
from hongxia.workbook.numberformat import EXACT_DIGITS, Shown, decimal_of, plain, shown_number, shown_text

UNKNOWN_FORMAT = "不能确定这个数字格式显示的内容，请改为常规或文本格式并核对内容"
ERROR_VALUES = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}

LARGEST = 10**15  # a bound for integers and fen that no column states: keeps both within 64 bits

_DATE = re.compile(r"(\d{4})([-/.年])(\d{1,2})([-/.月])(\d{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?")
_DATE_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})(?:[-/.年])(\d{1,2})月?")
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


class BadCell(Exception):
    """The cell does not hold what its column asks for; the text says why, in Chinese."""


@dataclass(frozen=True)
class Span:
    """What dates are held to: the workbook's year (None if its cover does not tell), and the day of the import."""

    year: int | None
    today: date


def is_blank(raw: object) -> bool:
    """Whether a cell counts as empty: nothing, or only blanks."""
    if isinstance(raw, Unreadable):
        return raw.blank
    return raw is None or (isinstance(raw, str) and not clean(raw))


def clean(text: str) -> str:
    """A text as it is kept: no blanks around it, single ones inside, digits and letters in half width."""
    return half_width(" ".join(text.translate(INVISIBLE).split()))


def title_text(raw: object) -> str:
    """The text of a header or label, as it is shown; empty for a cell that holds none."""
    if isinstance(raw, Formatted):
        shown = shown_text(raw.value, raw.code) if isinstance(raw.value, str) else None
        return clean(shown or "")
    return "" if raw is None or isinstance(raw, Unreadable) else clean(str(raw))


def value_of(column: Column, raw: object, span: Span) -> Value:
    """The value of one cell; raises BadCell."""
    if isinstance(raw, Unreadable) and not (raw.blank and column.required):
        raise BadCell(raw.reason_zh)
    if isinstance(raw, Formatted):
        raw = as_shown(column, raw)
    if is_blank(raw):
        if column.required:
            raise BadCell("不能为空")
        return column.default
    if isinstance(raw, str) and raw.strip().upper() in ERROR_VALUES:
        raise BadCell(ERROR_VALUE.reason_zh)
    if isinstance(raw, float) and not isfinite(raw):
        raise BadCell("数值超出范围")
    return _READERS[column.kind](column, raw, span)


def as_shown(column: Column, raw: Formatted) -> object:
    """What the column has to take of a cell with a number format of its own: the number, or the text that is shown.

    Raises BadCell where what is shown is unknown, or is not what is stored.
    """
    if isinstance(raw.value, date):
        return raw.value
    if isinstance(raw.value, str):
        text = shown_text(raw.value, raw.code)
        if text is None or (is_blank(text) and not is_blank(raw.value)):
            raise BadCell(UNKNOWN_FORMAT)
        return text
    if not isfinite(raw.value):
        raise BadCell("数值超出范围")
    shown = shown_number(raw.value, raw.code)
    if shown is None:
        raise BadCell(UNKNOWN_FORMAT)
    if column.kind in (Kind.INTEGER, Kind.YUAN):
        return _stored_and_shown(column, raw.value, shown)
    if is_blank(shown.text):
        raise BadCell(UNKNOWN_FORMAT)
    if not shown.exact:
        raise BadCell("数字格式使显示的内容与存储的数值不同，请改为文本格式并重新填写")
    if abs(raw.value) >= 10**EXACT_DIGITS:
        return raw.value
    return shown.text


def _stored_and_shown(column: Column, stored: int | float, shown: Shown) -> int | float:
    """The stored number, if that is what a person sees: not rounded, not a percentage, not in ten thousands."""
    number = decimal_of(stored)
    if abs(number) == (shown.number or 0):
        return stored
    both = f"单元格存的是 {plain(number)}，显示为 {clean(shown.text) or '空白'}"
    places = 2 if column.kind is Kind.YUAN else 0
    if abs(number) > LARGEST:
        raise BadCell("数值超出范围")
    if number != round(number, places):
        raise BadCell(f"{'金额最多两位小数' if places else '应为整数'}：{both}")
    raise BadCell(f"{both}，请改用显示全部数字的格式")


def _text(column: Column, raw: object, span: Span) -> str:
    try:
        text = clean_text(clean(_plain(raw)))
    except ValueError as error:
        raise BadCell(str(error)) from None
    if len(text) > column.max_length:
        raise BadCell(f"不能超过{column.max_length}个字")
    problem = column.check(text) if column.check else None
    if problem:
        raise BadCell(problem)
    return text


def _plain(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadCell("应为文本")
    if abs(raw) >= 10**EXACT_DIGITS:
        raise BadCell("长数字请以文本格式填写（数字格式会丢失末尾几位）")
    return str(int(raw)) if raw == int(raw) else str(raw)


def _integer(column: Column, raw: object, span: Span) -> int:
    number = _number(raw, "应为整数")
    if number != number.to_integral_value():
        raise BadCell("应为整数")
    return _within_bounds(column, int(number), int)


def _yuan(column: Column, raw: object, span: Span) -> int:
    fen = _number(raw, "应为金额（元），如 1234.50") * 100
    if fen != fen.to_integral_value():
        raise BadCell("金额最多两位小数")
    return _within_bounds(column, int(fen), lambda bound: Decimal(bound) / 100)


def _number(raw: object, complaint: str) -> Decimal:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return Decimal(format(raw, f".{EXACT_DIGITS}g")) if isinstance(raw, float) else Decimal(raw)
    if not isinstance(raw, str):
        raise BadCell(complaint)
    text = unicodedata.normalize("NFKC", clean(raw)).replace("−", "-").lstrip("¥").strip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not re.fullmatch(r"[-+]?\d{1,20}(\.\d{1,9})?", text):
        raise BadCell(complaint)
    return Decimal(text)


def _within_bounds(column: Column, number: int, shown: Callable[[int], object]) -> int:
    lowest = -LARGEST if column.minimum is None else column.minimum
    highest = LARGEST if column.maximum is None else column.maximum
    if number < lowest:
        raise BadCell("不能为负数" if lowest == 0 else f"不能小于{shown(lowest)}")
    if number > highest:
        raise BadCell(f"不能大于{shown(highest)}")
    return number


def _date(column: Column, raw: object, span: Span) -> date:
    on = _calendar_day(raw)
    if column.within_year and span.year not in (None, on.year):
        raise BadCell(f"日期不在本表年度内（{span.year}年）")
    if column.not_future and on > span.today:
        raise BadCell("日期晚于今天")
    return on


def _calendar_day(raw: object) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    text = _digits(raw)
    match = _DATE.fullmatch(text)
    if match and (match[2] == match[4] or match[2] + match[4] == "年月"):
        parts = (match[1], match[3], match[5])
    elif match := _DATE_DIGITS.fullmatch(text):
        parts = (match[1], match[2], match[3])
    else:
        raise BadCell("应为日期，如 2022-03-01")
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError as error:
        raise BadCell("没有这一天，请核对日期") from error


def _month(column: Column, raw: object, span: Span) -> str:
    if isinstance(raw, datetime | date):
        year, month = raw.year, raw.month
    else:
        match = _MONTH.fullmatch(_digits(raw))
        if not match or not 1 <= int(match[2]) <= 12:
            raise BadCell("应为月份，如 2022-03")
        year, month = int(match[1]), int(match[2])
    if column.within_year and span.year not in (None, year):
        raise BadCell(f"月份不在本表年度内（{span.year}年）")
    if column.not_future and (year, month) > (span.today.year, span.today.month):
        raise BadCell("月份晚于本月")
    return f"{year:04}-{month:02}"


def _digits(raw: object) -> str:
    """A date or month typed as text or as a whole number, in half width and without blanks beside separators."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return ""
    text = str(int(raw)) if isinstance(raw, int | float) and raw == int(raw) else str(raw)
    return re.sub(r"\s*([-/.年月日])\s*", r"\1", unicodedata.normalize("NFKC", clean(text)))


def _yes_no(column: Column, raw: object, span: Span) -> bool:
    if isinstance(raw, bool):
        return raw
    text = clean(raw) if isinstance(raw, str) else ""
    if text not in ("是", "否"):
        raise BadCell("应填“是”或“否”")
    return text == "是"


def _choice(column: Column, raw: object, span: Span) -> str:
    wanted = _label(raw if isinstance(raw, str) else _plain(raw))
    for label, code in column.choices.items():
        if _label(label) == wanted:
            return code
    labels = list(column.choices)
    listed = "、".join(labels) if len(labels) <= 13 else "、".join(labels[:5]) + " 等，见“说明”表"
    raise BadCell(f"应为以下之一：{listed}")


def _label(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", clean(text)).split())


_READERS: dict[Kind, Callable[[Column, object, Span], Value]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.YUAN: _yuan,
    Kind.DATE: _date,
    Kind.MONTH: _month,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
}
