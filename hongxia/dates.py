"""Time and dates: moments are UTC with a zone, the date that a record counts for is one in Asia/Shanghai.

Each rule of dates has its only place here: 29 February, what the day of death counts as, when somebody is away, which
days are working days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
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


def anniversary(day: date, year: int) -> date:
    """Return the day in another year; for 29 February in a common year, 28 February.

    Source: Civil Code, article 202: where the last month lacks the day, the period ends on the month's last day.
    """
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def age_on(born: date, day: date) -> int:
    """Return the age in full years; a year is complete on the `anniversary`. Raises ValueError before birth."""
    if day < born:
        raise ValueError("日期早于出生日期")
    return day.year - born.year - (day < anniversary(born, day.year))


def age_band(born: date, on: date) -> str:
    """Return the decade of the age on a day: "70-79", and "100+" from a hundred on. Raises ValueError before birth."""
    age = age_on(born, on)
    decade = age // 10 * 10
    return "100+" if age >= 100 else f"{decade}-{decade + 9}"


def lived_on(deceased_on: date | None, day: date) -> bool:
    """Return whether somebody lived on a day; the day of death itself still counts as lived."""
    return deceased_on is None or day <= deceased_on


@dataclass(frozen=True, slots=True)
class TimeAway:
    """A time in which another bureau serves a cadre: from `left_on` on, until the day before `returned_on`, which is
    None while it lasts.
    """

    left_on: date
    returned_on: date | None = None

    def __str__(self) -> str:
        return f"{self.left_on}/{self.returned_on or ''}"


def away_on(times: Iterable[TimeAway], day: date) -> TimeAway | None:
    """Return the time away that a day falls into, or None. On the day of leaving somebody is away already, on the day
    of the return no longer.
    """
    for time in times:
        if time.left_on <= day and (time.returned_on is None or day < time.returned_on):
            return time
    return None


def first_day_beyond(
    times: Iterable[TimeAway], known: Iterable[TimeAway], since: date, until: date | None = None
) -> date | None:
    """Return the first day of some times away, from `since` to `until`, that no time of `known` has; None if they have
    all of these days.
    """
    known, missing = list(known), []
    for time in times:
        day = max(time.left_on, since)
        while (until is None or day <= until) and away_on([time], day) is not None:
            other = away_on(known, day)
            if other is None:
                missing.append(day)
                break
            if other.returned_on is None:
                break
            day = other.returned_on
    return min(missing, default=None)


def calendar_known(year: int) -> bool:
    """Return whether the installed chinesecalendar holds the State Council's holidays of a year.

    They are published late in the year before, and a release of the package follows: upgrade it each December.
    """
    return year in _published_years()


def is_working_day(day: date) -> bool:
    """Return whether a day is a working day in China: not a public holiday, but a make-up Saturday or Sunday.

    Where the year's calendar is not known (`calendar_known`), Monday to Friday are working days.
    """
    if not calendar_known(day.year):
        return day.weekday() < 5
    import chinese_calendar

    return bool(chinese_calendar.is_workday(day))


def add_working_days(day: date, count: int) -> date:
    """Return the working day that is the `count`-th after a day, which is not counted itself (Civil Code, article 201).

    With 0: the day, or the next working day if it is none (article 203), for periods in calendar days. Raises
    ValueError for a negative count.

    The caller stores the result as the deadline. Nothing computes it again later: a calendar that becomes known
    afterwards changes no deadline that was set under the fallback of `is_working_day`.
    """
    if count < 0:
        raise ValueError("工作日天数不能为负数")
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


@cache
def _published_years() -> frozenset[int]:
    # Imported here: only services with deadlines in working days need the calendar.
    from chinese_calendar.constants import holidays

    return frozenset(day.year for day in holidays)
