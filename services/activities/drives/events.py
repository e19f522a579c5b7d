"""The events of vaccination drives."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, voided_data_of
from services.activities.drives.schema import DriveSchema

DRIVE_HELD = EventType(
    "activities.drive.held",
    1,
    data_of(DriveSchema),
    "接种专场已举办",
    "A vaccination drive was held; it counts for its first day.",
)
DRIVE_AMENDED = EventType(
    "activities.drive.amended",
    1,
    amended_data_of(DriveSchema),
    "接种专场已修改",
    "A drive was amended; the data is its new state, the names of what changed, and why.",
)
DRIVE_VOIDED = EventType(
    "activities.drive.voided",
    1,
    voided_data_of(DriveSchema),
    "接种专场已作废",
    "A drive was voided: it does not count any more.",
)

EVENTS = (DRIVE_HELD, DRIVE_AMENDED, DRIVE_VOIDED)
