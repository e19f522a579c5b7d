"""The events of stays in hospital."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, voided_data_of
from services.outreach.stays.schema import StaySchema

STAY_REPORTED = EventType(
    "outreach.stay.reported", 1, data_of(StaySchema), "住院已报告", "A stay in hospital was reported."
)
STAY_AMENDED = EventType(
    "outreach.stay.amended",
    1,
    amended_data_of(StaySchema),
    "住院已修改",
    "A stay was amended; one whose `discharged_on` became null lasts on.",
)
STAY_ENDED = EventType(
    "outreach.stay.ended",
    1,
    data_of(StaySchema),
    "已出院",
    "A stay ended: the cadre was discharged, died, or went to another bureau.",
)
STAY_VOIDED = EventType(
    "outreach.stay.voided",
    1,
    voided_data_of(StaySchema),
    "住院已作废",
    "A reported stay was voided: it does not count any more.",
)

EVENTS = (STAY_REPORTED, STAY_AMENDED, STAY_ENDED, STAY_VOIDED)
