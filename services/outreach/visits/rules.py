"""Which visits may be recorded, amended and voided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import ENTERED_TWICE, Violation, ask, past_day, refuse
from services.outreach.cadres import mirror
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre
from services.outreach.cadres.review import review, review_obligations
from services.outreach.visits.events import VISIT_AMENDED, VISIT_RECORDED, VISIT_VOIDED
from services.outreach.visits.model import Visit

DEATH = "death"
"""The occasion of a call on the family, the only one after the cadre's death."""


def violations(values: Mapping[str, Any], cadre: Cadre | None, today: date) -> Iterator[Violation]:
    """Yield what is wrong with a visit; `values` are those of VisitSchema."""
    yield from past_day("visited_on", values["visited_on"], today)
    if values["people"] < 1:
        yield Violation("people", "nobody-visited", f"慰问人数为 {values['people']}，至少1人")
    after_death = values["occasion"] == DEATH
    for found in mirror.violations(cadre, "visited_on", values["visited_on"], "走访日期", after_death=after_death):
        hint = "；去世后慰问家属，事由填“去世”" if found.code == "cadre-deceased" else ""
        yield Violation(found.field, found.code, found.message + hint)


def record(
    session: Session,
    visit_id: str,
    values: Mapping[str, Any],
    cadre: Cadre | None,
    today: date,
    confirmed: Collection[str] = (),
) -> Visit:
    """Record a visit to a cadre (locked by the caller). Raises Refused, Question (entered-twice)."""
    refuse(violations(values, cadre, today))
    assert cadre is not None  # refused otherwise
    visit = Visit(id=visit_id, **{**values, "cadre_id": cadre.id})
    _ask_about_twin(session, visit, confirmed)
    records.begin(session, visit, "record")
    publish(session, VISIT_RECORDED, visit, on=visit.visited_on)
    # A visit that the rules allow contradicts nothing; one that was confirmed as a second visit may.
    dependents = review if ENTERED_TWICE in confirmed else review_obligations
    dependents(session, [visit.cadre_id], today)
    return visit


def amend(
    session: Session,
    visit: Visit,
    changes: Mapping[str, Any],
    reason: str,
    today: date,
) -> Visit:
    """Amend a visit; without a difference nothing happens. Raises Conflicting, Refused."""
    after = {name: getattr(visit, name) for name in ("cadre_id", "visited_on", "occasion", "people")} | dict(changes)
    cadre = CADRES.find(session, after["cadre_id"])
    if "cadre_id" in changes and cadre is not None:
        changes = {**changes, "cadre_id": cadre.id}
    before = visit.cadre_id
    changed = records.change(session, visit, changes)
    if changed:
        about = not {"cadre_id", "visited_on", "occasion"}.isdisjoint(changed)
        refuse(mirror.changed_only(violations(after, cadre, today), standing=about))
        publish(session, VISIT_AMENDED, visit, on=visit.visited_on, changed=changed, reason=reason)
        review(session, [before, visit.cadre_id], today)
    return visit


def void(session: Session, visit: Visit, reason: str, today: date) -> Visit:
    """Void a visit, so that it no longer counts. Raises Conflicting."""
    records.move(session, visit, "void", reason=reason)
    publish(session, VISIT_VOIDED, visit, on=visit.visited_on, reason=reason)
    review(session, [visit.cadre_id], today)
    return visit


def _ask_about_twin(session: Session, visit: Visit, confirmed: Collection[str]) -> None:
    twin = session.scalar(
        select(Visit.id)
        .where(Visit.cadre_id.in_(CADRES.same_entities(session, [visit.cadre_id])))
        .where(Visit.visited_on == visit.visited_on, Visit.form == visit.form)
        .where(Visit.occasion == visit.occasion, Visit.state == "recorded")
        .limit(1)
    )
    if twin is not None:
        message = f"该干部 {visit.visited_on} 已有一次形式和事由相同的走访；确为另一次走访的，请确认后登记"
        ask(Violation("visited_on", ENTERED_TWICE, message), confirmed, extra={"existing": twin})
