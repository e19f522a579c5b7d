"""Works collected: poems, essays, reflections, calligraphy, paintings; for a call or for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from services.activities import days, records
from services.activities.cadres import People
from services.activities.events import WORK_AMENDED, WORK_COLLECTED, WORK_WITHDRAWN
from services.activities.models import Work
from services.activities.transitions import NEW, WORK, move, must_be


@dataclass(frozen=True, slots=True)
class NewWork:
    """A work that was received; no `cadre_id` if its author is not in the register."""

    work_no: str | None
    genre: str
    title: str | None
    call: str | None
    collected_on: date
    cadre_id: str | None


def id_of_new(session: Session, new: NewWork) -> str:
    """The id of a work to be. Raises Conflict (work-exists) if the year has its number."""
    return records.numbered_id(session, Work, new.collected_on.year, new.work_no, "work_no")


def collect(session: Session, work_id: str, new: NewWork, people: People, today: date) -> Work:
    """Write a work down. A work may be handed in by the family of an author who has died, so the author need only be
    known, not living. Raises Rule (unknown-cadre, cadre-merged, date-too-early, date-in-future).
    """
    _check(asdict(new), people, today)
    work = Work(id=work_id, year=new.collected_on.year, state=NEW, version=0, **asdict(new))
    move(work, WORK, "collected")
    session.add(work)
    _tell(session, WORK_COLLECTED, work)
    return work


def amend(session: Session, work: Work, changes: Mapping[str, Any], today: date) -> Work:
    """Correct a work. Raises Conflict (wrong-state) for one that was withdrawn, and Rule as `collect` does."""
    must_be(work, "collected")
    people = People(session, [changes["cadre_id"]] if changes.get("cadre_id") else [])
    _check(changes, people, today)
    if records.change(work, changes):
        _tell(session, WORK_AMENDED, work)
    return work


def withdraw(session: Session, work: Work, reason: str) -> Work:
    """A work that does not count any more. Raises Conflict (wrong-state)."""
    move(work, WORK, "withdrawn", reason)
    _tell(session, WORK_WITHDRAWN, work)
    return work


def merge(session: Session, vanished: str, into: str) -> None:
    """Two records turned out to be of one cadre: the works are the survivor's."""
    query = select(Work).where(Work.cadre_id == vanished, Work.state == "collected").order_by(Work.id)
    for work in session.scalars(query.with_for_update()):
        records.change(work, {"cadre_id": into})
        _tell(session, WORK_AMENDED, work)


def _check(values: Mapping[str, Any], people: People, today: date) -> None:
    if "collected_on" in values:
        days.past(values["collected_on"], today, "#/collected_on")
    if values.get("cadre_id"):
        people.must_know(values["cadre_id"], "#/cadre_id")


def _tell(session: Session, event_type: EventType, work: Work) -> None:
    data = {
        "genre": work.genre,
        "call": work.call,
        "collected_on": work.collected_on.isoformat(),
        "cadre_id": work.cadre_id,
    }
    append(session, event_type, subject=work.id, entityversion=work.version, occurredon=work.collected_on, data=data)
