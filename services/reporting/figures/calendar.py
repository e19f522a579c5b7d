"""The months of a year."""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def months(year: int) -> dict[str, date]:
    """Return the months of a year, "2022-03" and so on, with the last day of each."""
    return {f"{year}-{month:02d}": date(year, month, monthrange(year, month)[1]) for month in range(1, 13)}


def ended_months(year: int, today: date) -> dict[str, date]:
    """Return those that are over, or end today."""
    return {month: last for month, last in months(year).items() if last <= today}
