"""The events of contacts."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, voided_data_of
from services.outreach.contacts.schema import ContactSchema

CONTACT_MADE = EventType(
    "outreach.contact.made", 1, data_of(ContactSchema), "已联系", "A cadre was contacted (the monthly contact)."
)
CONTACT_AMENDED = EventType(
    "outreach.contact.amended",
    1,
    amended_data_of(ContactSchema),
    "联系已修改",
    "A contact was amended: another date or method.",
)
CONTACT_VOIDED = EventType(
    "outreach.contact.voided",
    1,
    voided_data_of(ContactSchema),
    "联系已作废",
    "A contact was voided: it does not count any more.",
)

EVENTS = (CONTACT_MADE, CONTACT_AMENDED, CONTACT_VOIDED)
