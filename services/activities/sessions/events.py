"""The events of sessions; each holds the state, because one that is planned or cancelled does not count."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of
from hongxia.schema.fields import Code
from services.activities.holding import holding
from services.activities.sessions.schema import CANCEL_REASONS, STATES, SessionSchema

_STATE = Code(STATES, help_en="what has become of the session")
_DATA = holding(data_of(SessionSchema), state=_STATE)

SESSION_SCHEDULED = EventType(
    "activities.session.scheduled", 1, _DATA, "场次已安排", "A session was planned for `held_on`."
)
SESSION_HELD = EventType("activities.session.held", 1, _DATA, "场次已举办", "A session took place.")
SESSION_AMENDED = EventType(
    "activities.session.amended",
    1,
    holding(amended_data_of(SessionSchema), state=_STATE),
    "场次已修改",
    "A session was amended; the data is its new state, the names of what changed, and why.",
)
SESSION_CANCELLED = EventType(
    "activities.session.cancelled",
    1,
    holding(_DATA, reason=Code(CANCEL_REASONS, help_en="why; null if a workbook does not say", required=False)),
    "场次已取消",
    "A session does not take place, or turned out not to have; it does not count.",
)

EVENTS = (SESSION_SCHEDULED, SESSION_HELD, SESSION_AMENDED, SESSION_CANCELLED)
