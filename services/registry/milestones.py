"""Milestones due in a year: the 70th, 80th, 90th and 100th birthday, and fifty years in the Party (光荣在党50年)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from services.registry.models import Cadre
from services.registry.workbook import POLITICAL_STATUSES

AGES = (70, 80, 90, 100)
PARTY_YEARS = 50
PARTY_MEMBER = POLITICAL_STATUSES["中共党员"]

TITLES = {f"age-{age}": f"{age}周岁" for age in AGES} | {f"party-{PARTY_YEARS}": f"光荣在党{PARTY_YEARS}年"}
"""The kinds of milestone, with their names."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """One person's milestone on its day."""

    on: date
    kind: str
    cadre: Cadre

    @property
    def title(self) -> str:
        """Its name."""
        return TITLES[self.kind]


def due(session: Session, year: int) -> list[Milestone]:
    """The milestones of a year, by date: of those who are served and living on the day, as far as is known."""
    found = (milestone for cadre in session.scalars(_candidates(year)) for milestone in _of(cadre, year))
    return sorted(found, key=lambda milestone: (milestone.on, milestone.cadre.cadre_no, milestone.kind))


def _candidates(year: int) -> Select[Cadre]:
    births = [Cadre.birth_date.between(date(year - age, 1, 1), date(year - age, 12, 31)) for age in AGES]
    joined = Cadre.joined_party_on.between(date(year - PARTY_YEARS, 1, 1), date(year - PARTY_YEARS, 12, 31))
    in_party = and_(Cadre.political_status == PARTY_MEMBER, joined)
    return select(Cadre).where(Cadre.merged_into.is_(None), or_(*births, in_party))


def _of(cadre: Cadre, year: int) -> Iterator[Milestone]:
    if year - cadre.birth_date.year in AGES:
        yield from _served(cadre, anniversary(cadre.birth_date, year), f"age-{year - cadre.birth_date.year}")
    joined = cadre.joined_party_on
    if joined and cadre.political_status == PARTY_MEMBER and year - joined.year == PARTY_YEARS:
        yield from _served(cadre, anniversary(joined, year), f"party-{PARTY_YEARS}")


def _served(cadre: Cadre, on: date, kind: str) -> Iterator[Milestone]:
    if cadre.registered_on <= on and (cadre.deceased_on is None or on < cadre.deceased_on):
        yield Milestone(on, kind, cadre)


def anniversary(day: date, year: int) -> date:
    """The day in another year; 29 February falls on the last of the month (Civil Code, article 202)."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
