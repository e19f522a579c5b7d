"""What is recorded of a transfer."""

from __future__ import annotations

from marshmallow import Schema

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Day, Id, Text

LIFECYCLE = Lifecycle(
    "transfer",
    "调转",
    Codes(away="已转出", returned="已转回", voided="已作废"),
    {
        (NEW, "leave"): "away",
        ("away", "return"): "returned",
        ("away", "amend"): "away",
        ("returned", "amend"): "returned",
        ("away", "void"): "voided",
        ("returned", "void"): "voided",
    },
    acts={"return": "登记转回"},
)


class TransferSchema(RecordSchema):
    """A time in which another bureau serves the cadre: from the day of leaving on, until the day before the return."""

    lifecycle = LIFECYCLE

    cadre_id = Id(label="干部", dump_only=True)
    left_on = Day(label="转出日期")
    destination = Text(longest=100, label="转往单位")
    returned_on = Day(label="转回日期", required=False)


class LeaveIn(Schema):
    """Since when, and where to; `returned_on` if the cadre is back already."""

    left_on = Day(label="转出日期")
    destination = Text(longest=100, label="转往单位")
    returned_on = Day(label="转回日期", required=False)


class ReturnIn(Schema):
    """Since when this bureau serves the cadre again."""

    returned_on = Day(label="转回日期")
