"""What raises obligations: stays, discharges, deaths, milestones, festivals, flags. Read from the records, so that the
same records always raise the same.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.dates import add_working_days, calendar_known, is_working_day
from hongxia.mirror import Person, by_any_id, ids_of
from hongxia.records import in_parts
from services.outreach.cadres.model import Cadre, Flag, Milestone
from services.outreach.obligations.model import Festival
from services.outreach.stays.model import Stay

DEATH, FESTIVAL = "death", "festival"

NARROWED = {"age": "birthday", "party": "party_50_years"}
"""The occasion of the visit for a milestone, by the beginning of its code."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that asks for a visit. `key` tells it from others of the same `code` and person. A visit meets it from
    `raised_on` on, days count from `counted_from`. `until` is the day on which it ended by itself: what was due then or
    later, and is not met, lapses. `occasion` narrows those of the kind.
    """

    code: str
    key: str
    cadre_id: str
    raised_on: date
    counted_from: date
    until: date | None = None
    occasion: str | None = None
    stay_id: str | None = None


def causes(session: Session, persons: Sequence[Person[Cadre]], today: date) -> dict[str, list[Cause]]:
    """Return what asks for visits to some persons, by the id of the surviving cadre."""
    found: dict[str, list[Cause]] = {person.cadre.id: [] for person in persons}
    person_of = by_any_id(persons)
    for stay in _stays(session, persons):
        found[person_of[stay.cadre_id].cadre.id] += _of_stay(stay, today)
    for milestone in _milestones(session, persons):
        found[person_of[milestone.cadre_id].cadre.id].append(_of_milestone(milestone))
    for flag in _flags(session, persons):
        cadre = person_of[flag.cadre_id].cadre
        found[cadre.id].append(_of_flag(flag, cadre))
    festivals = list(session.scalars(select(Festival).where(Festival.state == "listed")))
    for person in persons:
        cadre = person.cadre
        if cadre.deceased_on is not None:
            found[cadre.id].append(Cause(DEATH, DEATH, cadre.id, cadre.deceased_on, cadre.deceased_on))
        found[cadre.id] += [Cause(FESTIVAL, each.id, cadre.id, each.held_on, each.held_on) for each in festivals]
    return {cadre_id: _distinct(each) for cadre_id, each in found.items()}


def window(cause: Cause, days: int, working_days: bool) -> tuple[date, date, bool]:
    """Return from when to when a visit meets a cause, and whether the calendar of working days was known for that."""
    if cause.code == FESTIVAL:
        first = _before(cause.counted_from, days, working_days)
        return first, cause.counted_from, not working_days or calendar_known(first.year)
    if not working_days:
        return cause.raised_on, cause.counted_from + timedelta(days=days), True
    due_on = add_working_days(cause.counted_from, days)
    return cause.raised_on, due_on, calendar_known(cause.counted_from.year) and calendar_known(due_on.year)


def _before(day: date, days: int, working_days: bool) -> date:
    if not working_days:
        return day - timedelta(days=days)
    while days:
        day -= timedelta(days=1)
        days -= is_working_day(day)
    return day


def _stays(session: Session, persons: Sequence[Person[Cadre]]) -> Iterator[Stay]:
    for part in in_parts(ids_of(persons)):
        query = select(Stay).where(Stay.cadre_id.in_(part), Stay.state != "voided")
        yield from session.scalars(query.order_by(Stay.admitted_on, Stay.id))


def _of_stay(stay: Stay, today: date) -> Iterator[Cause]:
    """The report, each month of the stay, and the discharge."""
    yield Cause("stay", stay.id, stay.cadre_id, stay.admitted_on, stay.reported_on, stay_id=stay.id)
    for number, first in enumerate(_months(stay, today), start=1):
        last = _plus_months(stay.admitted_on, number) - timedelta(days=1)
        ended = stay.discharged_on if stay.discharged_on is not None and stay.discharged_on < last else None
        key = f"{stay.id}:{number}"
        yield Cause("monthly", key, stay.cadre_id, first, last, until=ended, stay_id=stay.id)
    if stay.discharged_on is not None and stay.ended_with is None:
        day = stay.discharged_on
        yield Cause("discharge", stay.id, stay.cadre_id, day, day, stay_id=stay.id)


def _months(stay: Stay, today: date) -> Iterator[date]:
    """The first days of the months of a stay that have begun, counted from the admission."""
    last, number = min(stay.discharged_on or today, today), 0
    while (first := _plus_months(stay.admitted_on, number)) <= last:
        yield first
        number += 1


def _plus_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _milestones(session: Session, persons: Sequence[Person[Cadre]]) -> Iterator[Milestone]:
    for part in in_parts(ids_of(persons)):
        query = select(Milestone).where(Milestone.cadre_id.in_(part), Milestone.withdrawn.is_(False))
        yield from session.scalars(query.order_by(Milestone.id))


def _of_milestone(milestone: Milestone) -> Cause:
    """A visit is paid in the month; the day of birth is not known here."""
    first = milestone.month
    last = first.replace(day=monthrange(first.year, first.month)[1])
    occasion = NARROWED.get(milestone.milestone.partition("-")[0])
    key = f"{milestone.milestone}:{first.year}"
    return Cause("milestone", key, milestone.cadre_id, first, last, occasion=occasion)


def _flags(session: Session, persons: Sequence[Person[Cadre]]) -> Iterator[Flag]:
    """The flags of some persons, those that are set before those that are not, the earliest first."""
    for part in in_parts(ids_of(persons)):
        query = select(Flag).where(Flag.cadre_id.in_(part))
        yield from session.scalars(query.order_by(Flag.until.is_not(None), Flag.since, Flag.cadre_id))


def _of_flag(flag: Flag, cadre: Cadre) -> Cause:
    """A flag of a record that was merged away stands for as long as the surviving record has it, too."""
    until = flag.until
    if until is None and not getattr(cadre, flag.flag):
        until = flag.since
    return Cause(flag.flag, f"{flag.flag}:{flag.since}", flag.cadre_id, flag.since, flag.since, until=until)


def _distinct(found: Sequence[Cause]) -> list[Cause]:
    """One cause of each key; of a flag that is set, one at all, though two records that were merged both have it."""
    kept: dict[tuple[str, str], Cause] = {}
    for cause in found:
        flagged = cause.code in ("hardship", "living_alone") and cause.until is None
        kept.setdefault((cause.code, "now" if flagged else cause.key), cause)
    return list(kept.values())
