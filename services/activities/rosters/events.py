"""The events of rosters."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of
from hongxia.schema.fields import Code
from services.activities.holding import holding
from services.activities.rosters.schema import REASONS, RosterSchema

ROSTER_RECORDED = EventType(
    "activities.roster.recorded", 1, data_of(RosterSchema), "接种名册已登记", "A unit's numbers on one day of a drive."
)
ROSTER_AMENDED = EventType(
    "activities.roster.amended",
    1,
    amended_data_of(RosterSchema),
    "接种名册已修改",
    "The numbers were amended; the data is the new state, the names of what changed, and why.",
)
ROSTER_VOIDED = EventType(
    "activities.roster.voided",
    1,
    holding(data_of(RosterSchema), reason=Code(REASONS, help_en="why")),
    "接种名册已作废",
    "The numbers do not count: entered in error, or the drive was voided.",
)

EVENTS = (ROSTER_RECORDED, ROSTER_AMENDED, ROSTER_VOIDED)
