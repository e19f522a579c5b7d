"""The events of suggestions."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, voided_data_of
from services.outreach.suggestions.schema import SuggestionSchema

DATA = data_of(SuggestionSchema)

SUGGESTION_RECEIVED = EventType(
    "outreach.suggestion.received", 1, DATA, "意见建议已收到", "A request or suggestion came in."
)
SUGGESTION_AMENDED = EventType(
    "outreach.suggestion.amended",
    1,
    amended_data_of(SuggestionSchema),
    "意见建议已修改",
    "A suggestion was amended; one whose `resolved_on` became null is open again.",
)
SUGGESTION_ASSIGNED = EventType(
    "outreach.suggestion.assigned",
    1,
    DATA,
    "意见建议已交办",
    "A suggestion was given to somebody to answer, or to somebody else than before.",
)
SUGGESTION_RESOLVED = EventType(
    "outreach.suggestion.resolved", 1, DATA, "意见建议已办结", "A suggestion was dealt with."
)
SUGGESTION_VOIDED = EventType(
    "outreach.suggestion.voided",
    1,
    voided_data_of(SuggestionSchema),
    "意见建议已作废",
    "A suggestion was voided: it does not count any more.",
)

EVENTS = (SUGGESTION_RECEIVED, SUGGESTION_AMENDED, SUGGESTION_ASSIGNED, SUGGESTION_RESOLVED, SUGGESTION_VOIDED)
