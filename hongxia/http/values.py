"""What no value of a request may be, whatever it is for: no database keeps it, or writing it out takes too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hongxia.http.problems import FieldError

MOST_EXPONENT = 15
"""The greatest power of ten that the first digit of a number with a fraction may stand for, up or down."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""PostgreSQL keeps no NUL in a text, and UTF-8 has no half of a surrogate pair."""


_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


def is_address_part(text: str) -> bool:
    """Whether a text may stand in the path of an address: no name holds a line feed or a control character."""
    return is_storable(text) and not _CONTROL.search(text)


def is_storable(text: str) -> bool:
    """Whether a database can keep a text."""
    return not _UNSTORABLE.search(text)


def fits(number: int) -> bool:
    """Whether an integer has no more than 64 bits."""
    return number.bit_length() < 64


def has_giant_exponent(number: Decimal) -> bool:
    """Whether a number is short as it was sent (1e999999999) and long in any other form."""
    return abs(number.adjusted()) > MOST_EXPONENT


def faults(document: Any, pointer: str = "#") -> Iterator[FieldError]:
    """What of a JSON document can't be kept: texts, names of fields, numbers. Raises RecursionError if too deep."""
    told = _fault(document)
    if told:
        yield FieldError(told, pointer)
    elif isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from faults(value, f"{pointer}/{key}")


def _fault(value: Any) -> str | None:
    if isinstance(value, str) and not is_storable(value):
        return "含有不能保存的字符"
    if isinstance(value, dict) and not all(map(is_storable, value)):
        return "字段名含有不能保存的字符"
    if isinstance(value, int) and not fits(value):
        return "数值过大"
    if isinstance(value, Decimal) and has_giant_exponent(value):
        return "数值过大或过小"
    return None
