"""五必访: visits that must be paid by a deadline. Which, how soon and met by what is data that the bureau edits.

An obligation's state follows from the visits that there are: met by one of a fitting occasion between the day that
raised it and the deadline, missed when the deadline has passed without.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.http.problems import Rule
from services.outreach.lookup import in_parts
from services.outreach.models import Cadre, Obligation, ObligationKind, Stay, Visit

STAY = "stay"
DEATH = "death"
CAUSES = (STAY, DEATH)
"""What raises an obligation by itself: the report of a stay, the registry's news of a death."""

CANCELLED = "cancelled"
STATES = ("open", "met", "missed", CANCELLED)

_CODE = re.compile(r"[a-z][a-z0-9_]{0,19}")


def kinds(session: Session) -> list[ObligationKind]:
    """All kinds, by code."""
    return list(session.scalars(select(ObligationKind).order_by(ObligationKind.code)))


def find_kind(session: Session, code: str) -> ObligationKind | None:
    """A kind, locked, or None. Raises Rule for a code that is none."""
    if not _CODE.fullmatch(code):
        raise Rule("代码应为小写字母、数字和下划线，以字母开头，不超过20个字符", slug="bad-kind-code")
    return session.get(ObligationKind, code, with_for_update=True, populate_existing=True)


def add_kind(session: Session, code: str, values: Mapping[str, Any]) -> ObligationKind:
    """A kind that the bureau adds to its list."""
    kind = ObligationKind(code=code, version=1, **values)
    session.add(kind)
    return kind


def change_kind(kind: ObligationKind, values: Mapping[str, Any]) -> ObligationKind:
    """Other days, occasions, or none at all; what was raised before keeps its deadline."""
    for name, value in values.items():
        setattr(kind, name, value)
    kind.version += 1
    return kind


def raise_for_stay(session: Session, stay: Stay, today: date) -> None:
    """A hospital stay was reported; the deadline counts from the report, a visit from the admission on."""
    for kind in _raised_by(session, STAY):
        obligation = _obligation(kind, stay.cadre_id, stay.admitted_on, stay.reported_on)
        obligation.stay_id = stay.id
        session.merge(obligation)
    review(session, [stay.cadre_id], today)


def cancel_for_stay(session: Session, stay: Stay) -> None:
    """The report was voided, and so is what it raised."""
    session.execute(update(Obligation).where(Obligation.stay_id == stay.id).values(state=CANCELLED, visit_id=None))


def follow_deaths(session: Session, cadre_ids: Collection[str], today: date) -> None:
    """Raise what the deaths among some cadres raise; cancel what a corrected date of death has taken back."""
    by_death = _raised_by(session, DEATH)
    wanted = {
        obligation.id: obligation
        for cadre_id, deceased_on in _deceased(session, cadre_ids)
        for obligation in (_obligation(kind, cadre_id, deceased_on, deceased_on) for kind in by_death)
    }
    codes = {kind.code for kind in by_death}
    kept = [found for found in _of(session, cadre_ids) if found.kind in codes and found.stay_id is None]
    for obligation in kept:
        if obligation.id not in wanted:
            obligation.state, obligation.visit_id = CANCELLED, None
        elif obligation.state == CANCELLED:
            obligation.state = "open"
    there = {obligation.id for obligation in kept}
    session.add_all(obligation for obligation in wanted.values() if obligation.id not in there)
    review(session, {obligation.cadre_id for obligation in wanted.values()}, today)


def _deceased(session: Session, cadre_ids: Iterable[str]) -> Iterator[tuple[str, date]]:
    query = select(Cadre.id, Cadre.deceased_on).where(Cadre.merged_into.is_(None))
    for some in in_parts(cadre_ids):
        for cadre_id, deceased_on in session.execute(query.where(Cadre.id.in_(some))):
            if deceased_on is not None:
                yield cadre_id, deceased_on


def _raised_by(session: Session, cause: str) -> list[ObligationKind]:
    return [kind for kind in kinds(session) if kind.active and kind.raised_by == cause]


def _obligation(kind: ObligationKind, cadre_id: str, on: date, counted_from: date) -> Obligation:
    return Obligation(
        id=ids.entity_id("obligation", kind.code, cadre_id, on.isoformat()),
        kind=kind.code,
        cadre_id=cadre_id,
        raised_on=on,
        due_on=counted_from + timedelta(days=kind.days),
        state="open",
        stay_id=None,
        visit_id=None,
    )


def review(session: Session, cadre_ids: Iterable[str], today: date) -> None:
    """Hold what is owed to some cadres against the visits paid to them; called whenever either has changed."""
    owed = [obligation for obligation in _of(session, cadre_ids) if obligation.state != CANCELLED]
    if not owed:
        return
    occasions = {kind.code: kind.occasions for kind in kinds(session)}
    paid = _visits(session, {obligation.cadre_id for obligation in owed})
    for obligation in owed:
        fitting = occasions.get(obligation.kind, ())
        met = [visit for visit in paid if visit.occasion in fitting and _meets(visit, obligation)]
        obligation.visit_id = met[0].id if met else None
        obligation.state = "met" if met else "missed" if obligation.due_on < today else "open"


def _meets(visit: Visit, obligation: Obligation) -> bool:
    in_time = obligation.raised_on <= visit.visited_on <= obligation.due_on
    return visit.cadre_id == obligation.cadre_id and in_time


def _of(session: Session, cadre_ids: Iterable[str]) -> list[Obligation]:
    query = select(Obligation)
    return [
        obligation
        for some in in_parts(cadre_ids)
        for obligation in session.scalars(query.where(Obligation.cadre_id.in_(some)))
    ]


def _visits(session: Session, cadre_ids: Iterable[str]) -> list[Visit]:
    """The visits that count, earliest first."""
    query = select(Visit).where(Visit.state == "recorded")
    found = [visit for some in in_parts(cadre_ids) for visit in session.scalars(query.where(Visit.cadre_id.in_(some)))]
    return sorted(found, key=lambda visit: (visit.visited_on, visit.id))


def mark_missed(session: Session, today: date) -> None:
    """The deadlines that have passed."""
    passed = (Obligation.state == "open") & (Obligation.due_on < today)
    session.execute(update(Obligation).where(passed).values(state="missed"))
