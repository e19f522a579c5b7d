"""The events of milestones; the subject is the milestone."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import data_of
from services.registry.milestones.schema import MilestoneSchema

MILESTONE_DUE = EventType(
    "registry.milestone.due",
    1,
    data_of(MilestoneSchema),
    "寿辰或党龄纪念到期",
    "A cadre who is served and living has a milestone in this month.",
)
MILESTONE_WITHDRAWN = EventType(
    "registry.milestone.withdrawn",
    1,
    data_of(MilestoneSchema),
    "寿辰或党龄纪念已撤回",
    "A milestone that was announced does not fall in this month, or not at all: a record was corrected, or the cadre "
    "died, left or was merged.",
)

EVENTS = (MILESTONE_DUE, MILESTONE_WITHDRAWN)
