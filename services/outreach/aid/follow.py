"""Aid follows what becomes of the cadre: who had died before applying gets none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.dates import lived_on
from hongxia.events.publish import publish
from hongxia.mirror import Person, by_any_id, ids_of
from hongxia.records import in_parts
from services.outreach.aid.events import AID_APPLIED, AID_WITHDRAWN
from services.outreach.aid.model import COUNTED, AidCase
from services.outreach.cadres.model import Cadre

DECEASED = "deceased"
UNPAID = ("applied", "approved", "returned")


def follow(session: Session, persons: Sequence[Person[Cadre]], today: date) -> None:
    """Withdraw the unpaid cases of those who had died before the application; open them again if they had not."""
    person_of = by_any_id(persons)
    for case in _concerned(session, persons):
        person = person_of[case.cadre_id]
        lived = lived_on(person.cadre.deceased_on, case.applied_on)
        if case.state in UNPAID and not lived:
            _withdraw(session, case, today)
        elif case.state == "withdrawn" and lived and not _has_another(session, person, case):
            _open_again(session, case)


def _concerned(session: Session, persons: Sequence[Person[Cadre]]) -> Iterator[AidCase]:
    """The cases that are not paid, and those that were withdrawn because of a death."""
    for part in in_parts(ids_of(persons)):
        query = select(AidCase).where(AidCase.cadre_id.in_(part)).order_by(AidCase.id)
        withdrawn = (AidCase.state == "withdrawn") & (AidCase.withdrawal == DECEASED)
        yield from session.scalars(query.where(AidCase.state.in_(UNPAID) | withdrawn)).all()


def _withdraw(session: Session, case: AidCase, today: date) -> None:
    records.move(session, case, "withdraw")
    case.withdrawal, case.waiting = DECEASED, False
    publish(session, AID_WITHDRAWN, case, on=today, reason=DECEASED)


def _has_another(session: Session, person: Person[Cadre], case: AidCase) -> bool:
    query = select(AidCase.id).where(AidCase.cadre_id.in_(person.ids), AidCase.year == case.applied_on.year)
    return session.scalar(query.where(AidCase.state.in_(COUNTED)).limit(1)) is not None


def _open_again(session: Session, case: AidCase) -> None:
    """It has to be decided anew: whether finance would still pay nobody knows."""
    case.reviewed_on, case.amount_fen, case.pay_on = None, None, None
    case.withdrawal, case.year = None, case.applied_on.year
    records.move(session, case, "reopen")
    publish(session, AID_APPLIED, case, on=case.applied_on)
