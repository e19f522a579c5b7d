"""What no stored value may be, wherever it comes from: no database keeps it, or writing it out takes too long."""

from __future__ import annotations

import re
from decimal import Decimal

MOST_EXPONENT = 15
"""The greatest power of ten that the first digit of a number with a fraction may stand for, up or down."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""PostgreSQL keeps no NUL in a text, and UTF-8 has no half of a surrogate pair."""


_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


def is_address_part(text: str) -> bool:
    """Return whether a text may stand in the path of an address: no name holds a line feed or a control character."""
    return is_storable(text) and not _CONTROL.search(text)


def is_storable(text: str) -> bool:
    """Return whether a database can keep a text."""
    return not _UNSTORABLE.search(text)


def fits(number: int) -> bool:
    """Return whether an integer has no more than 64 bits."""
    return number.bit_length() < 64


def has_giant_exponent(number: Decimal) -> bool:
    """Return whether a number is short as it was sent (1e999999999) and long in any other form."""
    return abs(number.adjusted()) > MOST_EXPONENT
