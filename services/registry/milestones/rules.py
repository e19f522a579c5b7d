"""Which milestones a year brings; those of the month are announced, and withdrawn when a correction moves them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.dates import anniversary, lived_on
from hongxia.events.publish import publish
from hongxia.records import in_parts
from hongxia.sealed import digest
from services.registry.cadres.model import Cadre
from services.registry.cadres.schema import PARTY_MEMBER
from services.registry.milestones.events import MILESTONE_DUE, MILESTONE_WITHDRAWN
from services.registry.milestones.model import Milestone
from services.registry.milestones.schema import AGES, PARTY_YEARS, TITLES


@dataclass(frozen=True, slots=True)
class Due:
    """One person's milestone on its day."""

    on: date
    kind: str
    cadre: Cadre

    @property
    def title(self) -> str:
        """Its Chinese name."""
        return TITLES[self.kind]

    @property
    def month(self) -> str:
        """The month, "YYYY-MM"."""
        return f"{self.on:%Y-%m}"


def due(session: Session, year: int) -> list[Due]:
    """Return the milestones of a year by date: of those who are served and living on the day, as far as is known."""
    found = [each for cadre in session.scalars(_candidates(session, year)) for each in of(cadre, year)]
    return sorted(found, key=lambda each: (each.on, each.cadre.cadre_no, each.kind))


def of(cadre: Cadre, year: int) -> Iterator[Due]:
    """Yield the milestones of one cadre in a year."""
    if cadre.merged_into is not None:
        return
    if year - cadre.birth_date.year in AGES:
        yield from _served(cadre, anniversary(cadre.birth_date, year), f"age-{year - cadre.birth_date.year}")
    joined = cadre.joined_party_on
    if joined and cadre.political_status == PARTY_MEMBER and year - joined.year == PARTY_YEARS:
        yield from _served(cadre, anniversary(joined, year), f"party-{PARTY_YEARS}")


def announce(session: Session, today: date) -> int:
    """Publish the milestones of the current month that were not published yet; return how many. A timer calls it.

    The cadres are locked, so that nobody has died meanwhile, and of several processes one announces each milestone.
    """
    candidates = {each.cadre.id for each in _of_month(due(session, today.year), today)}
    if not candidates:
        return 0
    cadres = records.by_ids(session, Cadre, candidates, locked=True)
    found = [each for cadre in cadres.values() if cadre.state == "living" for each in of(cadre, today.year)]
    wanted = {_id(each): each for each in _of_month(found, today)}
    known = records.by_ids(session, Milestone, wanted)
    new = [key for key in sorted(wanted) if key not in known or known[key].state == "withdrawn"]
    for key in new:
        _announce(session, known.get(key), key, wanted[key])
    return len(new)


def review(session: Session, cadre_ids: Collection[str], today: date) -> None:
    """Withdraw what was announced for some cadres (locked) and is no longer due in its month."""
    for part in in_parts(sorted(cadre_ids)):
        query = select(Milestone).where(Milestone.cadre_id.in_(part), Milestone.state == "due").order_by(Milestone.id)
        announced = list(session.scalars(query))
        cadres = records.by_ids(session, Cadre, {milestone.cadre_id for milestone in announced})
        for milestone in announced:
            still = {(each.kind, each.month) for each in of(cadres[milestone.cadre_id], milestone.year)}
            if (milestone.milestone, milestone.month) not in still:
                records.move(session, milestone, "withdraw")
                publish(session, MILESTONE_WITHDRAWN, milestone, on=today)


def _announce(session: Session, known: Milestone | None, key: str, each: Due) -> None:
    if known is None:
        known = Milestone(id=key, cadre_id=each.cadre.id, milestone=each.kind, year=each.on.year, month=each.month)
        records.begin(session, known, "announce")
    else:
        known.month = each.month
        records.move(session, known, "announce")
    publish(session, MILESTONE_DUE, known, on=each.on.replace(day=1))


def _of_month(found: Iterable[Due], today: date) -> list[Due]:
    return [each for each in found if each.month == f"{today:%Y-%m}"]


def _id(each: Due) -> str:
    return ids.entity_id("milestone", each.cadre.id, each.kind, each.on.year)


def _candidates(session: Session, year: int) -> Select[Cadre]:
    births = Cadre.birth_year_hash.in_([digest(session, Cadre, "birth_year_hash", str(year - age)) for age in AGES])
    joined = Cadre.joined_party_on.between(date(year - PARTY_YEARS, 1, 1), date(year - PARTY_YEARS, 12, 31))
    in_party = and_(Cadre.political_status == PARTY_MEMBER, joined)
    return select(Cadre).where(Cadre.merged_into.is_(None), or_(births, in_party))


def _served(cadre: Cadre, on: date, kind: str) -> Iterator[Due]:
    if cadre.registered_on <= on and lived_on(cadre.deceased_on, on) and not cadre.away_on(on):
        yield Due(on, kind, cadre)
