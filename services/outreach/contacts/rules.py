"""What may be recorded of contacts, amended and voided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.events.publish import publish
from hongxia.rules import Conflicting, Violation, past_day, refuse
from services.outreach.cadres import mirror
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre
from services.outreach.cadres.review import review
from services.outreach.contacts.events import CONTACT_AMENDED, CONTACT_MADE, CONTACT_VOIDED
from services.outreach.contacts.model import Contact

KEY = ("cadre_id", "contacted_on", "method")


def violations(values: Mapping[str, Any], cadre: Cadre | None, today: date) -> Iterator[Violation]:
    """Yield what is wrong with a contact; `values` are those of KEY."""
    yield from past_day("contacted_on", values["contacted_on"], today)
    yield from mirror.violations(cadre, "contacted_on", values["contacted_on"], "联系日期")


def find(session: Session, values: Mapping[str, Any]) -> Contact | None:
    """Return the person's contact of that day by that method: one that counts, or else one that was voided."""
    query = select(Contact).where(Contact.cadre_id.in_(CADRES.same_entities(session, [values["cadre_id"]])))
    query = query.where(Contact.contacted_on == values["contacted_on"], Contact.method == values["method"])
    return session.scalars(query.order_by(Contact.state, Contact.id)).first()


def id_of(values: Mapping[str, Any], serial: int = 1) -> str:
    """Return the id of the contact with a key. A serial from 2 on tells it from one that had this key before it was
    amended.
    """
    key = (values["cadre_id"], values["contacted_on"].isoformat(), values["method"])
    return ids.entity_id("contact", *key, *([serial] if serial > 1 else []))


def free_id(session: Session, values: Mapping[str, Any]) -> str:
    """Return the first id for a key that no other record has."""
    serial = 1
    while session.get(Contact, id_of(values, serial)) is not None:
        serial += 1
    return id_of(values, serial)


def make(
    session: Session,
    contact_id: str,
    values: Mapping[str, Any],
    cadre: Cadre | None,
    today: date,
) -> Contact:
    """Record a contact with a cadre (locked by the caller). Raises Refused."""
    refuse(violations(values, cadre, today))
    assert cadre is not None  # refused otherwise
    contact = Contact(id=contact_id, **{**values, "cadre_id": cadre.id})
    records.begin(session, contact, "make")
    publish(session, CONTACT_MADE, contact, on=contact.contacted_on)
    return contact


def make_or_restore(session: Session, values: Mapping[str, Any], cadre: Cadre | None, today: date) -> Contact:
    """Record a contact; one that was voided is made again. Raises Refused, and Conflicting for one that counts."""
    refuse(violations(values, cadre, today))
    assert cadre is not None  # refused otherwise
    values = {**values, "cadre_id": cadre.id}
    existing = find(session, values)
    if existing is None:
        return make(session, free_id(session, values), values, cadre, today)
    if existing.state == "made":
        raise duplicate(existing)
    records.move(session, existing, "make")
    publish(session, CONTACT_MADE, existing, on=existing.contacted_on)
    return existing


def duplicate(existing: Contact) -> Conflicting:
    """Return the refusal of a contact that is there already."""
    message = f"该干部 {existing.contacted_on} 同一方式的联系已登记，不必再登记"
    extra = {"existing": existing.id}
    return Conflicting(Violation("contacted_on", "duplicate-contact", message), extra=extra)


def amend(session: Session, contact: Contact, changes: Mapping[str, Any], reason: str, today: date) -> Contact:
    """Change date or method of a contact; nothing happens if they are the same.

    Raises Refused, and Conflicting if another contact of the person has that date and method.
    """
    after = {name: getattr(contact, name) for name in KEY} | dict(changes)
    contact.lifecycle.after(contact.state, "amend")
    if all(getattr(contact, name) == value for name, value in after.items()):
        return contact
    moves = after["contacted_on"] != contact.contacted_on
    found = violations(after, CADRES.find(session, contact.cadre_id), today)
    refuse(mirror.changed_only(found, standing=moves))
    other = find(session, after)
    if other is not None and other.id != contact.id and other.state == "made":
        raise duplicate(other)
    changed = records.change(session, contact, after)
    publish(session, CONTACT_AMENDED, contact, on=contact.contacted_on, changed=changed, reason=reason)
    review(session, [contact.cadre_id], today)
    return contact


def void(session: Session, contact: Contact, reason: str, today: date) -> Contact:
    """Void a contact: it does not count any more. Raises Conflicting."""
    records.move(session, contact, "void", reason=reason)
    publish(session, CONTACT_VOIDED, contact, on=contact.contacted_on, reason=reason)
    review(session, [contact.cadre_id], today)
    return contact
