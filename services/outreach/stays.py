"""Hospital stays: reported, ended, voided. A report raises a visit that must be paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.http.problems import Conflict, NotFound, Problem, Rule
from services.outreach import cadres, obligations
from services.outreach.models import Cadre, Stay
from services.outreach.rules import day_objections, next_state, refuse

TRANSITIONS = {
    ("reported", "end"): "ended",
    ("reported", "void"): "voided",
    ("ended", "void"): "voided",
    ("voided", "report"): "reported",
}


@dataclass(frozen=True, slots=True)
class Report:
    """Who is in hospital since when, and on which day the bureau was told. No illness."""

    cadre_id: str
    admitted_on: date
    reported_on: date
    hospital: str | None = None

    @property
    def id(self) -> str:
        """The id of the stay of this cadre from this day on."""
        return ids.entity_id("stay", self.cadre_id, self.admitted_on.isoformat())


def objections(told: Report, cadre: Cadre | None, today: date) -> Iterator[Problem]:
    """Why such a report can't be."""
    yield from day_objections(told.admitted_on, today, "#/admitted_on")
    yield from day_objections(told.reported_on, today, "#/reported_on")
    if told.reported_on < told.admitted_on:
        yield Rule("报告日期早于入院日期", slug="reported-before-admission", pointer="#/reported_on")
    yield from cadres.objections(cadre)
    if cadre is not None and cadres.deceased_before(cadre, told.admitted_on):
        yield Rule("该干部在入院日期前已去世", slug="cadre-deceased", pointer=cadres.POINTER)


def report(session: Session, told: Report, cadre: Cadre | None, today: date, existing: Stay | None = None) -> Stay:
    """A new stay, or one that was voided, and the visits that it asks for. Raises Rule, and Conflict for one that is
    there already.
    """
    refuse(objections(told, cadre, today))
    if existing is not None and existing.state != "voided":
        raise Conflict("该干部同日入院已报告", slug="duplicate-stay", extra={"stay_id": existing.id})
    if existing is None:
        stay = Stay(id=told.id, state="reported", version=1, **asdict(told))
        session.add(stay)
    else:
        stay = existing
        stay.state = next_state(TRANSITIONS, stay.state, "report")
        stay.reported_on, stay.hospital = told.reported_on, told.hospital
        stay.discharged_on, stay.void_reason = None, None
        stay.version += 1
    obligations.raise_for_stay(session, stay, today)
    return stay


def find(session: Session, stay_id: str) -> Stay | None:
    """A stay, locked, or None."""
    return session.get(Stay, stay_id, with_for_update=True, populate_existing=True)


def get(session: Session, stay_id: str, *, lock: bool = False) -> Stay:
    """A stay. Raises NotFound."""
    stay = session.get(Stay, stay_id, with_for_update=lock, populate_existing=lock)
    if stay is None:
        raise NotFound("没有这次住院报告", slug="unknown-stay")
    return stay


def end(session: Session, stay: Stay, discharged_on: date, today: date) -> Stay:
    """The cadre has left the hospital. Raises Conflict, Rule."""
    state = next_state(TRANSITIONS, stay.state, "end")
    refuse(_discharge_objections(stay, discharged_on, today))
    stay.state, stay.discharged_on = state, discharged_on
    stay.version += 1
    return stay


def _discharge_objections(stay: Stay, discharged_on: date, today: date) -> Iterator[Problem]:
    yield from day_objections(discharged_on, today, "#/discharged_on")
    if discharged_on < stay.admitted_on:
        yield Rule("出院日期早于入院日期", slug="discharged-before-admission", pointer="#/discharged_on")


def void(session: Session, stay: Stay, reason: str) -> Stay:
    """It was none; what it raised is cancelled. Raises Conflict."""
    stay.state = next_state(TRANSITIONS, stay.state, "void")
    stay.void_reason = reason
    stay.version += 1
    obligations.cancel_for_stay(session, stay)
    return stay
