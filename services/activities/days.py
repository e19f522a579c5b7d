"""The dates that records may bear."""

from __future__ import annotations

from datetime import date, timedelta

from hongxia.http.problems import Rule

EARLIEST = date(1990, 1, 1)
FURTHEST_AHEAD = timedelta(days=731)


def past(on: date, today: date, pointer: str) -> None:
    """Of what has taken place: from EARLIEST to today. Raises Rule (date-too-early, date-in-future)."""
    _not_too_early(on, pointer)
    if on > today:
        raise Rule("日期晚于今天", slug="date-in-future", pointer=pointer)


def planned(on: date, today: date, pointer: str) -> None:
    """Of what is planned: at most two years ahead. Raises Rule (date-too-early, date-too-far)."""
    _not_too_early(on, pointer)
    if on > today + FURTHEST_AHEAD:
        raise Rule("日期在两年以后", slug="date-too-far", pointer=pointer)


def _not_too_early(on: date, pointer: str) -> None:
    if on < EARLIEST:
        raise Rule(f"日期早于{EARLIEST.year}年", slug="date-too-early", pointer=pointer)
