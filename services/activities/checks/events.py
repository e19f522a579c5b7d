"""The events of checks."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of
from hongxia.schema.fields import Code
from services.activities.checks.schema import REASONS, CheckSchema
from services.activities.holding import holding

CHECK_RECORDED = EventType(
    "activities.check.recorded", 1, data_of(CheckSchema), "体检人员已登记", "A cadre was checked in a batch."
)
CHECK_AMENDED = EventType(
    "activities.check.amended",
    1,
    amended_data_of(CheckSchema),
    "体检人员已修改",
    "The date was corrected, or that of the batch was; the data is the new state.",
)
CHECK_VOIDED = EventType(
    "activities.check.voided",
    1,
    holding(data_of(CheckSchema), reason=Code(REASONS, help_en="why")),
    "体检人员已作废",
    "The check does not count: entered in error, its batch voided, or the same person's twice.",
)

EVENTS = (CHECK_RECORDED, CHECK_AMENDED, CHECK_VOIDED)
