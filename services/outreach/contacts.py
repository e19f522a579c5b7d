"""Monthly contacts (每月敬爱连线): made, voided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from hongxia.http.problems import Conflict, NotFound, Problem, Rule
from services.outreach import cadres
from services.outreach.events import CONTACT_MADE, CONTACT_VOIDED
from services.outreach.models import Cadre, Contact
from services.outreach.rules import day_objections, next_state, refuse

TRANSITIONS = {
    ("made", "void"): "voided",
    ("voided", "make"): "made",
}


@dataclass(frozen=True, slots=True)
class Details:
    """What is told of a contact, which is also its key; the method's code as in the workbook."""

    cadre_id: str
    contacted_on: date
    method: str

    @property
    def id(self) -> str:
        """The id of the contact of this cadre on this day by this method."""
        return ids.entity_id("contact", self.cadre_id, self.contacted_on.isoformat(), self.method)


def objections(details: Details, cadre: Cadre | None, today: date) -> Iterator[Problem]:
    """Why such a contact can't be."""
    yield from day_objections(details.contacted_on, today, "#/contacted_on")
    yield from cadres.objections(cadre)
    if cadre is not None and cadres.deceased_before(cadre, details.contacted_on):
        yield Rule("该干部在联系日期前已去世", slug="cadre-deceased", pointer=cadres.POINTER)


def make(
    session: Session, details: Details, cadre: Cadre | None, today: date, existing: Contact | None = None
) -> Contact:
    """A new contact, or one that was voided made again. Raises Rule, and Conflict if it is there already."""
    refuse(objections(details, cadre, today))
    if existing is not None and existing.state == "made":
        raise Conflict(
            "同一干部、同一日期、同一方式的联系已登记", slug="duplicate-contact", extra={"contact_id": existing.id}
        )
    if existing is None:
        contact = Contact(id=details.id, state="made", version=1, **asdict(details))
        session.add(contact)
    else:
        contact = existing
        contact.state = next_state(TRANSITIONS, contact.state, "make")
        contact.void_reason = None
        contact.version += 1
    _tell(session, CONTACT_MADE, contact)
    return contact


def find(session: Session, contact_id: str) -> Contact | None:
    """A contact, locked, or None."""
    return session.get(Contact, contact_id, with_for_update=True, populate_existing=True)


def get(session: Session, contact_id: str, *, lock: bool = False) -> Contact:
    """A contact. Raises NotFound."""
    contact = session.get(Contact, contact_id, with_for_update=lock, populate_existing=lock)
    if contact is None:
        raise NotFound("没有这次联系", slug="unknown-contact")
    return contact


def void(session: Session, contact: Contact, reason: str) -> Contact:
    """It counts no more. Raises Conflict."""
    contact.state = next_state(TRANSITIONS, contact.state, "void")
    contact.void_reason = reason
    contact.version += 1
    _tell(session, CONTACT_VOIDED, contact)
    return contact


def _tell(session: Session, event_type: EventType, contact: Contact) -> None:
    on = contact.contacted_on.isoformat()
    data = {"cadre_id": contact.cadre_id, "contacted_on": on, "month": on[:7], "method": contact.method}
    append(
        session,
        event_type,
        subject=contact.id,
        entityversion=contact.version,
        occurredon=contact.contacted_on,
        data=data,
    )
