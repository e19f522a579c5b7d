"""The events of obligations, their kinds, and festivals."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of
from services.outreach.obligations.schema import FestivalSchema, ObligationKindSchema, ObligationSchema

DATA = data_of(ObligationSchema)

OBLIGATION_RAISED = EventType(
    "outreach.obligation.raised",
    1,
    DATA,
    "五必访任务已产生",
    "A visit must be paid by a deadline; or must be paid again, because the visit that met it was taken back.",
)
OBLIGATION_AMENDED = EventType(
    "outreach.obligation.amended",
    1,
    amended_data_of(ObligationSchema),
    "五必访任务已修改",
    "The dates of an obligation moved, because those of its cause or the days of its kind did.",
)
OBLIGATION_MET = EventType(
    "outreach.obligation.met", 1, DATA, "五必访任务已办", "A visit met an obligation by its deadline."
)
OBLIGATION_MISSED = EventType(
    "outreach.obligation.missed",
    1,
    DATA,
    "五必访任务逾期",
    "The deadline of an obligation passed without a fitting visit; the event counts for the deadline.",
)
OBLIGATION_CANCELLED = EventType(
    "outreach.obligation.cancelled",
    1,
    DATA,
    "五必访任务已取消",
    "What raised an obligation was taken back, or no visit can be paid any more: it does not count.",
)
KIND_CHANGED = EventType(
    "outreach.obligation-kind.changed",
    1,
    data_of(ObligationKindSchema),
    "五必访种类已变更",
    "A kind of visit that must be paid was added to the bureau's list, or changed; the data is its new state.",
)
FESTIVAL_LISTED = EventType(
    "outreach.festival.listed",
    1,
    data_of(FestivalSchema),
    "重大节日已列入名单",
    "A festival was listed with its date, or put back on the list.",
)
FESTIVAL_AMENDED = EventType(
    "outreach.festival.amended",
    1,
    amended_data_of(FestivalSchema),
    "重大节日已修改",
    "Name or date of a festival was amended, or it was taken off the list.",
)

BY_STATE = {
    "open": OBLIGATION_RAISED,
    "met": OBLIGATION_MET,
    "missed": OBLIGATION_MISSED,
    "cancelled": OBLIGATION_CANCELLED,
}
"""The event that tells of a state."""

EVENTS = (*BY_STATE.values(), OBLIGATION_AMENDED, KIND_CHANGED, FESTIVAL_LISTED, FESTIVAL_AMENDED)
