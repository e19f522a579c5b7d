"""What is recorded of a change."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, missing

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import Changes, RecordSchema, answer_of
from hongxia.schema.fields import Code, Count, Day, Flag, Id, Text
from services.registry.cadres.schema import FLAGS, LEVELS, REIMBURSEMENTS, CadreSchema, document_no

ASPECTS = Codes(
    rank="职级",
    treatment="享受待遇",
    medical_treatment="医疗待遇",
    reimbursement="医疗费报销标准",
    liaison="联络员",
    care="关怀情况",
    unit="原单位",
    street="街道",
)
"""What has a dated history of its own. All but care (four flags) are attributes of the cadre by that name."""

CHOICES = {"rank": LEVELS, "treatment": LEVELS, "medical_treatment": LEVELS, "reimbursement": REIMBURSEMENTS}
"""The codes of the aspects that have fixed ones."""

NEEDED = ("rank", "treatment", "unit", "street")
"""Aspects that are never empty."""

LIFECYCLE = Lifecycle(
    "change",
    "变动记录",
    Codes(recorded="已登记", voided="已撤销"),
    {
        (NEW, "record"): "recorded",
        ("recorded", "amend"): "recorded",
        ("recorded", "void"): "voided",
    },
)


class CadreChangeSchema(RecordSchema):
    """From a date on, something about a cadre is so. 关怀情况的值为各项代码，以逗号分隔。"""

    lifecycle = LIFECYCLE

    cadre_id = Id(label="干部", dump_only=True)
    aspect = Code(ASPECTS, label="项目", dump_only=True)
    cadre_version = Count(label="形成的版本", help="登记时的内容为1。", dump_only=True)
    from_on = Day(label="起始日期")
    value = Text(label="内容", help="代码；空为没有。", required=False)
    document_no = document_no("")


class TransferShown(Schema):
    """A time in which another bureau served the cadre."""

    id = fields.String(required=True)
    left_on = fields.Date(required=True)
    destination = fields.String(required=True)
    returned_on = fields.Date(required=True, allow_none=True)
    state = fields.String(required=True)
    version = fields.Integer(required=True)


class CadreWithHistoryOut(answer_of(CadreSchema)):  # type: ignore[misc]
    """A cadre with all changes, in the order of their dates, and all transfers."""

    history = fields.List(fields.Nested(answer_of(CadreChangeSchema)), required=True)
    transfers = fields.List(fields.Nested(TransferShown), required=True)


def change_of(aspect: str, *, documented: bool = False) -> type[Schema]:
    """Return the body of a change of one aspect: its new value, the date, and the document (文号) if it needs one."""
    label = ASPECTS[aspect]
    empty = aspect not in NEEDED
    options: dict[str, Any] = {"label": label, "allow_none": empty}
    value = Code(CHOICES[aspect], **options) if aspect in CHOICES else Text(help="名单中的代码。", **options)
    document = Text(longest=60, label="文号", required=documented)
    found: dict[str, Any] = {aspect: value, "on": Day(label="起始日期"), "document_no": document}
    made: type[Schema] = Schema.from_dict(found, name=f"{aspect.title().replace('_', '')}ChangeIn")
    made.__doc__ = "A change from a date on, by a document (文号)."
    return made


class CareIn(Changes):
    """What needs care from a date on; a flag that is left out stays as it is."""

    besides: ClassVar[frozenset[str]] = frozenset({"on"})

    on = Day(label="起始日期")
    advanced_age = Flag(label=FLAGS["advanced_age"], required=False, load_default=missing)
    hardship = Flag(label=FLAGS["hardship"], required=False, load_default=missing)
    living_alone = Flag(label=FLAGS["living_alone"], required=False, load_default=missing)
    resettled = Flag(label=FLAGS["resettled"], required=False, load_default=missing)


class ReassignIn(Schema):
    """All cadres of one liaison go to another; both are codes of the list."""

    leaving = Text(label="原联络员", data_key="from")
    taking_over = Text(label="接手的联络员", data_key="to")
    on = Day(label="起始日期")


class ReassignedOut(Schema):
    """How many cadres have another liaison now."""

    moved = fields.Integer(required=True)
