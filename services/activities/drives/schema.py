"""What is recorded of a vaccination drive."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Day, Text

LIFECYCLE = Lifecycle(
    "drive",
    "接种专场",
    Codes(held="已举办", voided="已作废"),
    {
        (NEW, "record"): "held",
        ("held", "amend"): "held",
        ("held", "void"): "voided",
    },
)


class DriveSchema(RecordSchema):
    """A vaccination drive that was held; it counts for its first day."""

    lifecycle = LIFECYCLE

    drive_no = Text(longest=32, label="专场编号", help="本年内不重复。", required=False, amendable=False, column=False)
    title = Text(
        longest=200,
        label="名称",
        help="专场名称。",
        help_en="Title.",
        example="第一次新冠疫苗接种专场",
        published=True,
    )
    starts_on = Day(label="首日", help_en="the first day", published=True, column=False)
