"""Obligations are held against what raised them and the visits that were paid, whenever any of these has changed.

An obligation's state follows from the records: met by a fitting visit between the day that raised it and the deadline,
missed when the deadline has passed without, cancelled when nothing raises it any more. Nothing is raised whose deadline
had passed when its cause became known: history brought in by a first import is no overdue work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.dates import away_on
from hongxia.events.publish import publish
from hongxia.mirror import Person, by_any_id, ids_of
from hongxia.records import in_parts
from services.outreach.cadres.model import Cadre
from services.outreach.obligations.causes import DEATH, FESTIVAL, Cause, causes, window
from services.outreach.obligations.events import BY_STATE, OBLIGATION_AMENDED
from services.outreach.obligations.model import Obligation, ObligationKind
from services.outreach.visits.model import Visit

VERBS = {"open": "reopen", "met": "meet", "missed": "miss", "cancelled": "cancel"}

DUPLICATE = "duplicate"
"""Why an obligation is cancelled: a merge has shown that it is another one's double."""

Key = tuple[str, str, str]
Dates = tuple[date, date, bool]
"""From when to when a visit meets an obligation, and whether the calendar of working days was known for that."""


@dataclass(slots=True)
class _Reviewed:
    """One person with all that is held against one another."""

    person: Person[Cadre]
    today: date
    causes: Sequence[Cause]
    owed: dict[Key, list[Obligation]]
    visits: list[Visit] = field(default_factory=list)

    @property
    def cadre(self) -> Cadre:
        return self.person.cadre


def review(session: Session, persons: Sequence[Person[Cadre]], today: date, refreshed: Collection[str] = ()) -> None:
    """Bring the obligations of some persons (locked by the caller) up to date. `refreshed` are the ids of obligations
    whose days or occasions have been changed with their kind.
    """
    kinds = list(session.scalars(select(ObligationKind).order_by(ObligationKind.code)))
    if not kinds or not persons:
        return
    raised = causes(session, persons, today)
    owed = _owed(session, persons)
    visits = _visits(session, persons)
    for person in persons:
        cadre_id = person.cadre.id
        one = _Reviewed(person, today, raised[cadre_id], owed[cadre_id], visits[cadre_id])
        _review_person(session, one, kinds, refreshed)


def _review_person(
    session: Session, one: _Reviewed, kinds: Sequence[ObligationKind], refreshed: Collection[str]
) -> None:
    for cause in one.causes:
        for kind in kinds:
            found = one.owed.pop((kind.code, cause.code, cause.key), [])
            if found:
                _follow(session, one, cause, kind, found, refreshed)
            elif kind.active and kind.raised_by == cause.code:
                _raise(session, one, cause, kind)
    for left in one.owed.values():
        for obligation in left:
            _settle(session, obligation, "cancelled")


def _raise(session: Session, one: _Reviewed, cause: Cause, kind: ObligationKind) -> None:
    raised_on, due_on, calendar_known = window(cause, kind.days, kind.working_days)
    if due_on < one.today or _lapsed(cause, one.cadre, due_on) or not _possible(cause, one.cadre, raised_on, due_on):
        return
    if cause.occasion is not None and cause.occasion not in kind.occasions:
        return
    if cause.code == FESTIVAL and (raised_on > one.today or not concerns(kind, one.cadre)):
        return
    obligation = Obligation(
        id=ids.entity_id("obligation", kind.code, cause.cadre_id, cause.code, cause.key),
        kind=kind.code,
        cadre_id=cause.cadre_id,
        cause=cause.code,
        cause_key=cause.key,
        counted_from=cause.counted_from,
        days=kind.days,
        working_days=kind.working_days,
        calendar_known=calendar_known,
        occasions=list(kind.occasions),
        raised_on=raised_on,
        due_on=due_on,
        stay_id=cause.stay_id,
        visit_id=None,
        met_on=None,
        on_time=None,
    )
    records.begin(session, obligation, "raise")
    publish(session, BY_STATE["open"], obligation, on=raised_on)
    state, visit = _outcome(one, cause, obligation, (raised_on, due_on, calendar_known))
    _settle(session, obligation, state, visit=visit)


def _follow(
    session: Session,
    one: _Reviewed,
    cause: Cause,
    kind: ObligationKind,
    found: Sequence[Obligation],
    refreshed: Collection[str],
) -> None:
    """Bring the obligation that a cause has raised up to date; after a merge there may be several, and one is kept."""
    kept, *doubles = sorted(found, key=lambda each: _preference(each, one.cadre))
    for double in doubles:
        if double.state != "cancelled":
            _settle(session, double, "cancelled", reason=DUPLICATE)
    dates = _dates(cause, kept, moved=kept.counted_from != cause.counted_from or kept.id in refreshed)
    raised_on, due_on, _known = dates
    if not _possible(cause, one.cadre, raised_on, due_on):
        _settle(session, kept, "cancelled")
        return
    state, visit = _outcome(one, cause, kept, dates)
    if state == "open" and cause.code == FESTIVAL and not concerns(kind, one.cadre):
        state = "cancelled"
    if kept.state == "cancelled" and (state == "cancelled" or not _wanted_again(kept, cause, kind, one, due_on)):
        return
    _move(session, kept, cause, dates)
    _settle(session, kept, state, visit=visit)


def _dates(cause: Cause, kept: Obligation, *, moved: bool) -> Dates:
    """A deadline that was set stays, even if the calendar becomes known later, unless its cause or its days changed."""
    if not moved and (cause.code == FESTIVAL or cause.raised_on == kept.raised_on):
        return kept.raised_on, kept.due_on, kept.calendar_known
    return window(cause, kept.days, kept.working_days)


def _preference(obligation: Obligation, cadre: Cadre) -> tuple[bool, bool, str]:
    """First what is not cancelled, or only as a double; of these what stands under the surviving number."""
    cancelled = obligation.state == "cancelled" and obligation.void_reason != DUPLICATE
    return cancelled, obligation.cadre_id != cadre.id, obligation.id


def _wanted_again(obligation: Obligation, cause: Cause, kind: ObligationKind, one: _Reviewed, due_on: date) -> bool:
    """Whether something cancelled is raised again, now that its cause is there."""
    if obligation.void_reason == DUPLICATE:
        return True
    if not kind.active or kind.raised_by != cause.code:
        return False
    return cause.code != FESTIVAL or (due_on >= one.today and concerns(kind, one.cadre))


def _move(session: Session, kept: Obligation, cause: Cause, dates: Dates) -> None:
    raised_on, due_on, kept.calendar_known = dates
    kept.counted_from = cause.counted_from
    changed = records.change(session, kept, {"raised_on": raised_on, "due_on": due_on})
    if changed:
        publish(session, OBLIGATION_AMENDED, kept, on=raised_on, changed=changed, reason="followed")


def _outcome(one: _Reviewed, cause: Cause, obligation: Obligation, dates: Dates) -> tuple[str, Visit | None]:
    """Return the state that follows from the visits and the day, and the visit that meets the obligation."""
    raised_on, due_on, _known = dates
    for visit in one.visits:
        fits = visit.occasion in obligation.occasions and cause.occasion in (None, visit.occasion)
        if fits and raised_on <= visit.visited_on <= due_on:
            return "met", visit
    if _lapsed(cause, one.cadre, due_on):
        return "cancelled", None
    return "missed" if due_on < one.today else "open", None


def _settle(
    session: Session, obligation: Obligation, state: str, *, visit: Visit | None = None, reason: str | None = None
) -> None:
    """Put an obligation into a state, with the event that tells of it, unless it is there already."""
    visit_id = visit.id if visit is not None else None
    if (obligation.state, obligation.visit_id) == (state, visit_id):
        return
    obligation.visit_id, obligation.met_on = visit_id, visit.visited_on if visit is not None else None
    obligation.on_time = {"met": True, "missed": False}.get(state)
    records.move(session, obligation, VERBS[state], reason=reason)
    on = {"met": obligation.met_on, "missed": obligation.due_on}.get(state) or obligation.raised_on
    publish(session, BY_STATE[state], obligation, on=on)


def concerns(kind: ObligationKind, cadre: Cadre) -> bool:
    """Return whether the festivals of a kind concern a cadre."""
    return kind.concerns == "all" or bool(getattr(cadre, kind.concerns))


def _possible(cause: Cause, cadre: Cadre, raised_on: date, due_on: date) -> bool:
    """Whether the cadre was on the register by the deadline, and lived when it was raised."""
    lived = cadre.deceased_on is None or cause.code == DEATH or raised_on <= cadre.deceased_on
    return lived and cadre.registered_on <= due_on


def _lapsed(cause: Cause, cadre: Cadre, due_on: date) -> bool:
    """Whether no visit is owed by the deadline: the cause has ended, the cadre died, or is served elsewhere."""
    if cause.until is not None and cause.until <= due_on:
        return True
    if cause.code != DEATH and cadre.deceased_on is not None and cadre.deceased_on <= due_on:
        return True
    return away_on(cadre.away, due_on) is not None


def _owed(session: Session, persons: Sequence[Person[Cadre]]) -> dict[str, dict[Key, list[Obligation]]]:
    person_of = by_any_id(persons)
    found: dict[str, dict[Key, list[Obligation]]] = defaultdict(lambda: defaultdict(list))
    for part in in_parts(ids_of(persons)):
        query = select(Obligation).where(Obligation.cadre_id.in_(part)).order_by(Obligation.id)
        for each in session.scalars(query):
            owed = found[person_of[each.cadre_id].cadre.id]
            owed[each.kind, each.cause, each.cause_key].append(each)
    return found


def _visits(session: Session, persons: Sequence[Person[Cadre]]) -> dict[str, list[Visit]]:
    """The visits that count, earliest first, by the id of the surviving cadre."""
    person_of = by_any_id(persons)
    found: dict[str, list[Visit]] = defaultdict(list)
    for part in in_parts(ids_of(persons)):
        query = select(Visit).where(Visit.cadre_id.in_(part), Visit.state == "recorded")
        for visit in session.scalars(query):
            found[person_of[visit.cadre_id].cadre.id].append(visit)
    for visits in found.values():
        visits.sort(key=lambda visit: (visit.visited_on, visit.id))
    return found
