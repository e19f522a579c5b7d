"""The events of health-check batches."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, voided_data_of
from services.activities.health_checks.schema import HealthCheckSchema

HEALTH_CHECK_HELD = EventType(
    "activities.health-check.held", 1, data_of(HealthCheckSchema), "体检批次已进行", "A health-check batch took place."
)
HEALTH_CHECK_AMENDED = EventType(
    "activities.health-check.amended",
    1,
    amended_data_of(HealthCheckSchema),
    "体检批次已修改",
    "A batch was amended; the data is its new state, the names of what changed (the hospital itself stays), and why.",
)
HEALTH_CHECK_VOIDED = EventType(
    "activities.health-check.voided",
    1,
    voided_data_of(HealthCheckSchema),
    "体检批次已作废",
    "A batch was voided: it does not count any more.",
)

EVENTS = (HEALTH_CHECK_HELD, HEALTH_CHECK_AMENDED, HEALTH_CHECK_VOIDED)
