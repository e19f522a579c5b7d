"""The dates of what is planned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hongxia.rules import EARLIEST, Violation

FURTHEST_AHEAD = timedelta(days=731)


def planned_day(field: str, day: date, today: date) -> Iterator[Violation]:
    """Check a day on which something is planned: at most two years ahead."""
    latest = today + FURTHEST_AHEAD
    if day > latest:
        yield Violation(field, "date-too-far", f"日期 {day} 在两年以后，最晚为 {latest}")
    if day < EARLIEST:
        yield Violation(field, "date-too-early", f"日期 {day} 早于 {EARLIEST}")
