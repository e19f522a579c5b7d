"""Stays follow the cadre: one that lasts ends with the death, and lasts on if the death is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.mirror import Person, by_any_id, ids_of
from hongxia.records import in_parts
from services.outreach.cadres.model import Cadre
from services.outreach.stays.events import STAY_AMENDED, STAY_ENDED
from services.outreach.stays.model import Stay


def follow(session: Session, persons: Sequence[Person[Cadre]]) -> None:
    """End the stays of those who died, on the day of death; correct what an earlier date of death had ended."""
    person_of = by_any_id(persons)
    for stay in _concerned(session, persons):
        deceased_on = person_of[stay.cadre_id].cadre.deceased_on
        if stay.ended_with_death:
            _correct(session, stay, deceased_on)
        elif deceased_on is not None and stay.admitted_on <= deceased_on:
            _end(session, stay, deceased_on)


def _concerned(session: Session, persons: Sequence[Person[Cadre]]) -> Iterator[Stay]:
    """The stays that last, or that ended with a death."""
    for part in in_parts(ids_of(persons)):
        query = select(Stay).where(Stay.cadre_id.in_(part), Stay.state != "voided").order_by(Stay.id)
        yield from session.scalars(query.where(or_(Stay.state == "reported", Stay.ended_with_death.is_(True))))


def _end(session: Session, stay: Stay, deceased_on: date) -> None:
    stay.discharged_on, stay.ended_with_death = deceased_on, True
    records.move(session, stay, "end")
    publish(session, STAY_ENDED, stay, on=deceased_on)


def _correct(session: Session, stay: Stay, deceased_on: date | None) -> None:
    if deceased_on is None or deceased_on < stay.admitted_on:
        stay.ended_with_death = False
        changed = records.change(session, stay, {"discharged_on": None}, "reopen")
    else:
        changed = records.change(session, stay, {"discharged_on": deceased_on})
    if changed:
        publish(session, STAY_AMENDED, stay, on=stay.admitted_on, changed=changed, reason="followed")
