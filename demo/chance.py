"""Chance, and the few shapes that rows need of it: working days, sums cut into parts."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random


def chance(seed: int, part: str) -> Random:
    """A generator for one part of the year, so that a change in one part leaves the others as they were."""
    return Random(f"{seed}:{part}")


def working_day(rng: Random, first: date, last: date) -> date:
    """A day from Monday to Friday between the two (both included), or the first day if there is none."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return rng.choice([day for day in days if day.weekday() < 5] or days[:1])


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def in_month(rng: Random, year: int, month: int) -> date:
    """A working day of the month."""
    return working_day(rng, date(year, month, 1), month_end(year, month))


def parts(rng: Random, total: int, count: int, least: int = 0) -> list[int]:
    """`total` cut into `count` parts of similar size, none below `least`, in an order of chance."""
    spare = total - least * count
    if count == 0 or spare < 0:
        raise ValueError(f"{total} can't be cut into {count} parts of at least {least}")
    weights = [rng.uniform(0.6, 1.4) for _ in range(count)]
    cut = [int(spare * weight / sum(weights)) for weight in weights]
    for index in range(spare - sum(cut)):
        cut[index % count] += 1
    return [least + part for part in cut]
