"""The events of adjustments."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, voided_data_of
from services.finance.adjustments.schema import AdjustmentSchema

ADJUSTMENT_MADE = EventType(
    "finance.adjustment.made", 1, data_of(AdjustmentSchema), "预算已调整", "A budget line was raised or cut."
)
ADJUSTMENT_AMENDED = EventType(
    "finance.adjustment.amended", 1, amended_data_of(AdjustmentSchema), "预算调整已修改", "An adjustment was amended."
)
ADJUSTMENT_VOIDED = EventType(
    "finance.adjustment.voided", 1, voided_data_of(AdjustmentSchema), "预算调整已作废", "An adjustment was voided."
)

EVENTS = (ADJUSTMENT_MADE, ADJUSTMENT_AMENDED, ADJUSTMENT_VOIDED)
