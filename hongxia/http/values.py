"""Where a JSON document holds values that no database keeps; see hongxia.values."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hongxia.http.problems import FieldError
from hongxia.values import fits, has_giant_exponent, is_storable


def faults(document: Any, pointer: str = "#") -> Iterator[FieldError]:
    """What of a JSON document can't be kept: texts, names of fields, numbers. Raises RecursionError if too deep."""
    fault = _fault(document)
    if fault:
        yield FieldError(fault, pointer)
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
