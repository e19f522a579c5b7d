"""Visits (走访): recorded, amended, voided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from hongxia.http.problems import NotFound, Problem, Rule
from services.outreach import cadres
from services.outreach.events import VISIT_AMENDED, VISIT_RECORDED, VISIT_VOIDED
from services.outreach.models import Cadre, Visit
from services.outreach.rules import day_objections, next_state, refuse

DEATH = "death"
"""The occasion of a call on the family, the only one after the cadre's death."""

TRANSITIONS = {
    ("recorded", "amend"): "recorded",
    ("recorded", "void"): "voided",
}


@dataclass(frozen=True, slots=True)
class Details:
    """What is told of a visit; codes as in the workbook."""

    cadre_id: str
    visited_on: date
    form: str
    category: str
    occasion: str
    five_must: bool
    people: int


def objections(details: Details, cadre: Cadre | None, today: date) -> Iterator[Problem]:
    """Why such a visit can't be."""
    yield from day_objections(details.visited_on, today, "#/visited_on")
    if details.people < 1:
        yield Rule("慰问人数至少1人", slug="nobody-visited", pointer="#/people")
    yield from cadres.objections(cadre)
    if cadre is None:
        return
    if details.visited_on < cadre.registered_on:
        yield Rule("走访日期早于该干部的登记日期", slug="before-registration", pointer="#/visited_on")
    if cadres.deceased_before(cadre, details.visited_on) and details.occasion != DEATH:
        message = "该干部在走访日期前已去世，事由只能是“去世”（慰问家属）"
        yield Rule(message, slug="cadre-deceased", pointer=cadres.POINTER)


def record(session: Session, visit_id: str, details: Details, cadre: Cadre | None, today: date) -> Visit:
    """A new visit; `cadre` is the one that it names, if known. Raises Rule."""
    refuse(objections(details, cadre, today))
    visit = Visit(id=visit_id, state="recorded", version=1, **asdict(details))
    session.add(visit)
    _tell(session, VISIT_RECORDED, visit)
    return visit


def get(session: Session, visit_id: str, *, lock: bool = False) -> Visit:
    """A visit. Raises NotFound."""
    visit = session.get(Visit, visit_id, with_for_update=lock, populate_existing=lock)
    if visit is None:
        raise NotFound("没有这次走访", slug="unknown-visit")
    return visit


def details_of(visit: Visit) -> Details:
    """What is told of a visit that was recorded."""
    return Details(**{name: getattr(visit, name) for name in Details.__slots__})


def amend(session: Session, visit: Visit, changes: Mapping[str, Any], today: date) -> Visit:
    """Change what was told of a visit; nothing happens if it is the same. Raises Conflict, Rule."""
    visit.state = next_state(TRANSITIONS, visit.state, "amend")
    before = details_of(visit)
    after = replace(before, **changes)
    if after == before:
        return visit
    refuse(objections(after, cadres.find(session, after.cadre_id), today))
    for name in Details.__slots__:
        setattr(visit, name, getattr(after, name))
    visit.version += 1
    _tell(session, VISIT_AMENDED, visit)
    return visit


def void(session: Session, visit: Visit, reason: str) -> Visit:
    """It counts no more. Raises Conflict."""
    visit.state = next_state(TRANSITIONS, visit.state, "void")
    visit.void_reason = reason
    visit.version += 1
    _tell(session, VISIT_VOIDED, visit)
    return visit


def _tell(session: Session, event_type: EventType, visit: Visit) -> None:
    data = {
        "cadre_id": visit.cadre_id,
        "visited_on": visit.visited_on.isoformat(),
        "form": visit.form,
        "category": visit.category,
        "occasion": visit.occasion,
        "five_must": visit.five_must,
        "people": visit.people,
    }
    append(
        session,
        event_type,
        subject=visit.id,
        entityversion=visit.version,
        occurredon=visit.visited_on,
        data=data,
    )
