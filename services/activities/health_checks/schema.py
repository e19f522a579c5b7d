"""What is recorded of a health-check batch."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Day, Text

LIFECYCLE = Lifecycle(
    "health-check",
    "体检批次",
    Codes(held="已举办", voided="已作废"),
    {
        (NEW, "record"): "held",
        ("held", "amend"): "held",
        ("held", "void"): "voided",
    },
)


class HealthCheckSchema(RecordSchema):
    """A health-check batch that took place."""

    lifecycle = LIFECYCLE

    batch_no = Text(longest=32, label="批次编号", help="本年内不重复。", required=False, amendable=False, column=False)
    held_on = Day(
        label="日期",
        help="本年度内，不晚于今天。",
        help_en="The date.",
        example="2022-05-10",
        published=True,
        within_year=True,
        not_future=True,
    )
    hospital = Text(label="医院", help="体检医院。", help_en="Hospital.", example="区中心医院")
