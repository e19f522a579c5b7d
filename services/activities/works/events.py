"""The events of works."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of
from hongxia.schema.fields import Code
from services.activities.holding import holding
from services.activities.works.schema import WITHDRAW_REASONS, WorkSchema

WORK_COLLECTED = EventType("activities.work.collected", 1, data_of(WorkSchema), "作品已收到", "A work was collected.")
WORK_AMENDED = EventType(
    "activities.work.amended",
    1,
    amended_data_of(WorkSchema),
    "作品已修改",
    "A work was amended; the data is its new state, the names of what changed, and why.",
)
WORK_WITHDRAWN = EventType(
    "activities.work.withdrawn",
    1,
    holding(data_of(WorkSchema), reason=Code(WITHDRAW_REASONS, help_en="why")),
    "作品已撤回",
    "A work was withdrawn: it does not count any more.",
)

EVENTS = (WORK_COLLECTED, WORK_AMENDED, WORK_WITHDRAWN)
