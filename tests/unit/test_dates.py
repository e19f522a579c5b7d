"""Rules of dates: ages, anniversaries, the day of death, working days."""

from datetime import date, timedelta

import chinese_calendar.constants
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongxia import dates
from hongxia.dates import (
    TimeAway,
    add_working_days,
    age_band,
    age_on,
    anniversary,
    away_on,
    calendar_known,
    first_day_beyond,
    is_working_day,
    lived_on,
)

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
NEAR_DAYS = st.dates(date(2003, 6, 1), date(2030, 12, 31))
LEAP = date(1932, 2, 29)
LATEST_YEAR = max(day.year for day in chinese_calendar.constants.holidays)


@pytest.mark.parametrize(
    ("year", "on"),
    [(2022, date(2022, 2, 28)), (2024, date(2024, 2, 29)), (2000, date(2000, 2, 29)), (2100, date(2100, 2, 28))],
)
def test_the_anniversary_of_29_february_is_the_last_day_of_february(year, on):
    assert anniversary(LEAP, year) == on


def test_the_anniversary_of_28_february_stays_on_the_28th_in_leap_years():
    assert anniversary(date(1933, 2, 28), 2024) == date(2024, 2, 28)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (LEAP, date(2022, 2, 27), 89),
        (LEAP, date(2022, 2, 28), 90),
        (LEAP, date(2022, 3, 1), 90),
        (LEAP, date(2024, 2, 28), 91),
        (LEAP, date(2024, 2, 29), 92),
        (date(1940, 3, 1), date(2022, 2, 28), 81),
        (date(1940, 3, 1), date(2022, 3, 1), 82),
        (date(1940, 12, 31), date(2022, 12, 31), 82),
        (date(2022, 5, 1), date(2022, 5, 1), 0),
    ],
)
def test_a_year_of_age_is_complete_on_the_birthday(born, day, age):
    assert age_on(born, day) == age


def test_there_is_no_age_before_birth():
    with pytest.raises(ValueError, match="早于出生日期"):
        age_on(date(1940, 1, 2), date(1940, 1, 1))


@given(DAYS, st.integers(0, 110))
def test_the_milestone_and_the_age_change_on_the_same_day(born, years):
    birthday = anniversary(born, born.year + years)

    assert age_on(born, birthday) == years
    assert years == 0 or age_on(born, birthday - timedelta(days=1)) == years - 1


@given(DAYS, DAYS, DAYS)
def test_an_age_never_falls(born, one, other):
    born, one, other = sorted((born, one, other))

    assert age_on(born, one) <= age_on(born, other)


@pytest.mark.parametrize(
    ("on", "band"),
    [
        (date(2022, 2, 27), "80-89"),
        (date(2022, 2, 28), "90-99"),
        (date(2032, 2, 28), "90-99"),
        (date(2032, 2, 29), "100+"),
        (date(1941, 1, 1), "0-9"),
        (date(2045, 1, 1), "100+"),
    ],
)
def test_the_age_band_follows_the_age(on, band):
    assert age_band(LEAP, on) == band


@pytest.mark.parametrize(
    ("deceased_on", "lived"),
    [(None, True), (date(2022, 8, 8), False), (date(2022, 8, 9), True), (date(2022, 8, 10), True)],
)
def test_the_day_of_death_counts_as_lived(deceased_on, lived):
    assert lived_on(deceased_on, date(2022, 8, 9)) is lived


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2022, 1, 31), False),  # Monday, Spring Festival
        (date(2022, 1, 29), True),  # Saturday, made up
        (date(2022, 1, 30), True),  # Sunday, made up
        (date(2022, 2, 7), True),
        (date(2022, 2, 12), False),  # an ordinary Saturday
        (date(2025, 10, 8), False),  # National Day and Mid-Autumn Festival together
        (date(2025, 10, 11), True),
        (date(2026, 2, 28), True),
    ],
)
def test_working_days_follow_the_published_calendar(day, working):
    assert is_working_day(day) is working


@pytest.mark.parametrize(
    ("day", "count", "deadline"),
    [
        (date(2022, 1, 29), 7, date(2022, 2, 14)),  # Sunday 30 January is worked, then the Spring Festival
        (date(2022, 1, 29), 1, date(2022, 1, 30)),
        (date(2022, 9, 30), 3, date(2022, 10, 10)),  # 8 and 9 October, a weekend, are worked
        (date(2026, 4, 30), 1, date(2026, 5, 6)),
        (date(2022, 3, 4), 1, date(2022, 3, 7)),
        (date(2022, 2, 2), 0, date(2022, 2, 7)),
        (date(2022, 3, 4), 0, date(2022, 3, 4)),
    ],
)
def test_a_deadline_in_working_days_passes_over_holidays(day, count, deadline):
    assert add_working_days(day, count) == deadline


def test_a_negative_number_of_working_days_is_refused():
    with pytest.raises(ValueError, match="不能为负数"):
        add_working_days(date(2022, 3, 1), -1)


@given(NEAR_DAYS, st.integers(1, 40))
def test_exactly_the_working_days_asked_for_lie_between(day, count):
    deadline = add_working_days(day, count)
    between = [day + timedelta(days=step) for step in range(1, (deadline - day).days + 1)]

    assert is_working_day(deadline)
    assert sum(map(is_working_day, between)) == count


@given(NEAR_DAYS, st.integers(1, 20), st.integers(0, 20))
def test_working_days_add_up(day, first, second):
    assert add_working_days(add_working_days(day, first), second) == add_working_days(day, first + second)


def test_the_installed_calendar_knows_the_years_of_the_demonstration():
    assert all(calendar_known(year) for year in range(2020, LATEST_YEAR + 1))
    assert not calendar_known(LATEST_YEAR + 1)
    assert not calendar_known(1999)


def test_a_year_without_a_calendar_falls_back_to_monday_to_friday():
    first = date(LATEST_YEAR + 1, 1, 1)
    year = [first + timedelta(days=step) for step in range(365)]

    assert all(is_working_day(day) == (day.weekday() < 5) for day in year)


def test_a_deadline_that_crosses_into_an_unknown_year_uses_both_rules(monkeypatch):
    monkeypatch.setattr(dates, "_published_years", lambda: frozenset({2021}))

    # Friday 31 December 2021 was worked; the Spring Festival of 2022 is unknown here, so its Monday counts.
    assert add_working_days(date(2021, 12, 30), 1) == date(2021, 12, 31)
    assert add_working_days(date(2021, 12, 30), 2) == date(2022, 1, 3)
    assert add_working_days(date(2022, 1, 28), 1) == date(2022, 1, 31)


MARCH, JUNE, SEPTEMBER = date(2022, 3, 1), date(2022, 6, 1), date(2022, 9, 1)
ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "away"),
    [
        (MARCH - ONE_DAY, None),
        (MARCH, TimeAway(MARCH, JUNE)),
        (JUNE - ONE_DAY, TimeAway(MARCH, JUNE)),
        (JUNE, None),
        (SEPTEMBER - ONE_DAY, None),
        (SEPTEMBER, TimeAway(SEPTEMBER)),
        (date(2122, 1, 1), TimeAway(SEPTEMBER)),
    ],
)
def test_somebody_is_away_from_the_day_of_leaving_to_the_day_before_the_return_each_time(day, away):
    assert away_on([TimeAway(MARCH, JUNE), TimeAway(SEPTEMBER)], day) == away


SPRING_DAYS = st.integers(0, 40).map(lambda number: MARCH + timedelta(days=number))
TIMES = st.lists(
    st.builds(
        lambda left, days: TimeAway(left, left + timedelta(days=days) if days < 20 else None),
        SPRING_DAYS,
        st.integers(0, 25),
    ),
    max_size=3,
)


@given(TIMES, TIMES, SPRING_DAYS, st.none() | SPRING_DAYS)
def test_the_first_day_that_other_times_lack_is_found_as_by_looking_at_every_day(times, known, since, until):
    last = until or MARCH + timedelta(days=120)
    days = (since + timedelta(days=number) for number in range((last - since).days + 1))
    lacking = [day for day in days if away_on(times, day) and not away_on(known, day)]
    assert first_day_beyond(times, known, since, until) == (lacking[0] if lacking else None)
