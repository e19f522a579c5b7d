"""The events of visits."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, voided_data_of
from services.outreach.visits.schema import VisitSchema

VISIT_RECORDED = EventType(
    "outreach.visit.recorded", 1, data_of(VisitSchema), "走访已登记", "A visit to a cadre was recorded."
)
VISIT_AMENDED = EventType(
    "outreach.visit.amended",
    1,
    amended_data_of(VisitSchema),
    "走访已修改",
    "A recorded visit was amended; the data is its new state, the names of what changed, and why.",
)
VISIT_VOIDED = EventType(
    "outreach.visit.voided",
    1,
    voided_data_of(VisitSchema),
    "走访已作废",
    "A recorded visit was voided: it does not count any more.",
)

EVENTS = (VISIT_RECORDED, VISIT_AMENDED, VISIT_VOIDED)
