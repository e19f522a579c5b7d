"""What is recorded of a stay in hospital."""

from __future__ import annotations

from marshmallow import Schema

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import CadreRef, Day, Text

LIFECYCLE = Lifecycle(
    "stay",
    "住院",
    Codes(reported="住院中", ended="已出院", voided="已作废"),
    {
        (NEW, "report"): "reported",
        ("reported", "amend"): "reported",
        ("reported", "end"): "ended",
        ("ended", "amend"): "ended",
        ("ended", "reopen"): "reported",
        ("reported", "void"): "voided",
        ("ended", "void"): "voided",
    },
)


class StaySchema(RecordSchema):
    """A stay in hospital. What the illness is stays unrecorded."""

    lifecycle = LIFECYCLE

    cadre_id = CadreRef(published=True)
    admitted_on = Day(label="入院日期", help="不晚于今天。", help_en="the day of admission", published=True)
    reported_on = Day(
        label="报告日期",
        help="本局得知的日期，不早于入院日期；不填则为今天。",
        help_en="the day on which the bureau learnt of it; deadlines count from it",
        published=True,
        required=False,
    )
    hospital = Text(label="医院", help="只存于本系统，不对外发布。", longest=100, required=False)
    discharged_on = Day(
        label="出院日期",
        help="不早于入院日期；改为空即恢复为住院中。",
        help_en="the day of discharge, of death, or of the transfer to another bureau; null while the stay lasts",
        published=True,
        required=False,
        creatable=False,
    )


class StayEndIn(Schema):
    """When a cadre left the hospital."""

    discharged_on = Day(label="出院日期")
