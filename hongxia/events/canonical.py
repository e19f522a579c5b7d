"""Canonical JSON, equal to RFC 8785 for what events may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


def canonical(value: Any) -> bytes:
    """Return a JSON value as RFC 8785 writes it, in UTF-8.

    Raises TypeError for what events may not hold, so that any language can recompute it: numbers with a fraction,
    integers beyond 2^53, names of members that are not ASCII (whose order orjson and the RFC see differently), and
    characters that UTF-8 can't hold.
    """
    _refuse_what_differs(value)
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except orjson.JSONEncodeError as error:
        raise TypeError(str(error)) from None


def _refuse_what_differs(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("events hold no float")
    if isinstance(value, Mapping):
        for name, item in value.items():
            if not (isinstance(name, str) and name.isascii()):
                raise TypeError("names of members are ASCII")
            _refuse_what_differs(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_what_differs(item)
