"""The times in which another bureau served a cadre: how they are stored, and how an event holds them.

Whether somebody was away on a day is decided by hongxia.dates.away_on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from hongxia.dates import TimeAway
from hongxia.events.envelope import Event, Malformed

Times = tuple[TimeAway, ...]


class TimesAway(TypeDecorator[Times]):
    """A column of times away, the earliest first."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Times | None, _dialect: Dialect) -> list[dict[str, str | None]]:
        """Return what is stored: a list of objects with the dates as text."""
        return as_text(value or ())

    def process_result_value(self, value: Any, _dialect: Dialect) -> Times:
        """Return the times. Raises KeyError, ValueError if something else is stored."""
        return _times(value or ())


def as_text(times: Iterable[TimeAway]) -> list[dict[str, str | None]]:
    """Return times away as events hold them: objects with `left_on` and `returned_on`, dates as text (ISO 8601)."""
    return [
        {
            "left_on": time.left_on.isoformat(),
            "returned_on": time.returned_on.isoformat() if time.returned_on is not None else None,
        }
        for time in times
    ]


def of_event(event: Event, name: str = "away") -> Times:
    """Return the times away in an event's data. Raises Malformed."""
    try:
        return _times(event.need(name, list))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Malformed(f"data.{name} is not a list of times") from None


def _times(stored: Iterable[Mapping[str, Any]]) -> Times:
    return tuple(
        TimeAway(
            date.fromisoformat(each["left_on"]),
            date.fromisoformat(each["returned_on"]) if each.get("returned_on") is not None else None,
        )
        for each in stored
    )
