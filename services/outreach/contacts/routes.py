"""The routes of contacts."""

from __future__ import annotations

from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.outreach.base import LIAISON, READERS
from services.outreach.cadres.mirror import CADRES
from services.outreach.contacts import rules
from services.outreach.contacts.model import Contact
from services.outreach.contacts.schema import ContactSchema


class ContactRoutes:
    """Contacts: made, listed, read, amended, voided."""

    list_contacts = listing(
        "/contacts",
        "每月联系列表",
        READERS,
        ContactSchema,
        Contact,
        by="contacted_on",
        equal=("cadre_id", "method"),
        narrow=CADRES.of_entity,
    )
    get_contact = read("/contacts/<id>", "每月联系", READERS, ContactSchema, Contact)

    @create("/contacts", "登记每月联系", LIAISON, ContactSchema)
    def make_contact(self, call: Call) -> Contact:
        """One of each cadre, date and method."""
        cadre = CADRES.lock(call.session, call.body["cadre_id"])
        return rules.make_or_restore(call.session, call.body, cadre, call.today)

    @amend("/contacts/<id>", "修改每月联系", LIAISON, ContactSchema, Contact, first=CADRES.lock_of)
    def amend_contact(self, call: Call, contact: Contact, reason: str) -> Contact:
        """Another date or method."""
        return rules.amend(call.session, contact, call.body, reason, call.today)

    @act("/contacts/<id>/void", "作废每月联系", LIAISON, ContactSchema, Contact, body=VoidIn, first=CADRES.lock_of)
    def void_contact(self, call: Call, contact: Contact) -> Contact:
        """It does not count any more."""
        return rules.void(call.session, contact, call.body["reason"], call.today)
