"""Time and dates: moments are UTC with a zone, the date that a record counts for is one in Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The current moment, UTC."""
    return datetime.now(UTC)


def fixed_clock(moment: datetime) -> Clock:
    """A clock that stands still; for tests and demonstrations that must repeat to the byte."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone")
    utc = moment.astimezone(UTC)
    return lambda: utc


def day_of(moment: datetime) -> date:
    """The date in Asia/Shanghai of a moment."""
    return moment.astimezone(SHANGHAI).date()


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as CloudEvents' `time` wants it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
