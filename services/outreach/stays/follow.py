"""Stays follow the cadre: one that lasts ends with the death or when another bureau takes over, and lasts on if the
death is withdrawn or the cadre comes back.
"""

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

End = tuple[date, str]
"""The last day of a stay, and what ended it."""


def follow(session: Session, persons: Sequence[Person[Cadre]]) -> None:
    """End the stays that last of those who died or went to another bureau, on that day; correct what a death or a
    transfer had ended that has another date now, or did not happen. Who comes back may be in hospital still: the stay
    lasts on until somebody records the discharge.
    """
    person_of = by_any_id(persons)
    for stay in _concerned(session, persons):
        ended = _end_of(stay, person_of[stay.cadre_id].cadre)
        if stay.ended_with is not None:
            _correct(session, stay, ended)
        elif ended is not None:
            _end(session, stay, ended)


def _concerned(session: Session, persons: Sequence[Person[Cadre]]) -> Iterator[Stay]:
    """The stays that last, or that ended with a death or a transfer."""
    for part in in_parts(ids_of(persons)):
        query = select(Stay).where(Stay.cadre_id.in_(part), Stay.state != "voided").order_by(Stay.id)
        yield from session.scalars(query.where(or_(Stay.state == "reported", Stay.ended_with.is_not(None))))


def _end_of(stay: Stay, cadre: Cadre) -> End | None:
    """What ended a stay whose discharge nobody recorded, whichever came first. A stay that began later is no stay that
    it ended: it is a contradiction.
    """
    found: list[End] = []
    if cadre.deceased_on is not None and stay.admitted_on <= cadre.deceased_on:
        found.append((cadre.deceased_on, "death"))
    for time in cadre.away:
        if time.returned_on is None and stay.admitted_on < time.left_on:
            found.append((time.left_on, "transfer"))
    return min(found, default=None)


def _end(session: Session, stay: Stay, end: End) -> None:
    stay.discharged_on, stay.ended_with = end
    records.move(session, stay, "end")
    publish(session, STAY_ENDED, stay, on=end[0])


def _correct(session: Session, stay: Stay, end: End | None) -> None:
    discharged_on, stay.ended_with = end if end is not None else (None, None)
    verb = "amend" if end is not None else "reopen"
    changed = records.change(session, stay, {"discharged_on": discharged_on}, verb)
    if changed:
        publish(session, STAY_AMENDED, stay, on=stay.admitted_on, changed=changed, reason="followed")
