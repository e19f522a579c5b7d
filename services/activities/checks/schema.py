"""What is recorded of a check."""

from __future__ import annotations

from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import CadreRef, Day, Id
from services.activities.presence.model import lifecycle_of, reasons_with

LIFECYCLE = lifecycle_of("check", "体检记录")

BATCH_VOIDED = "batch-voided"

REASONS = reasons_with(BATCH_VOIDED, "体检批次已作废")


class CheckSchema(RecordSchema):
    """A cadre's check in a batch, once each."""

    lifecycle = LIFECYCLE

    batch_id = Id(label="体检批次", help_en="the batch", published=True, dump_only=True)
    cadre_id = CadreRef(published=True, amendable=False)
    checked_on = Day(
        label="体检日期",
        help="不早于批次日期和干部的登记日期，不晚于干部的去世日期。",
        help_en="the date, not before the batch's",
        published=True,
        column=False,
    )
