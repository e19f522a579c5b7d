"""What is recorded of a milestone that was announced, and what the list of a year takes and gives."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import PageQuery, RecordSchema
from hongxia.schema.fields import Code, Id, Text, one_of

AGES = (70, 80, 90, 100)
PARTY_YEARS = 50
TITLES = Codes({f"age-{age}": f"{age}周岁" for age in AGES} | {f"party-{PARTY_YEARS}": f"光荣在党{PARTY_YEARS}年"})
"""The kinds of milestone, with their names."""

LIFECYCLE = Lifecycle(
    "milestone",
    "寿辰与党龄提醒",
    Codes(due="已提醒", withdrawn="已撤回"),
    {
        (NEW, "announce"): "due",
        ("due", "withdraw"): "withdrawn",
        ("withdrawn", "announce"): "due",
    },
)


class MilestoneSchema(RecordSchema):
    """A milestone announced for a month. The day stays here, because it would tell the birth date."""

    lifecycle = LIFECYCLE

    cadre_id = Id(label="干部", help_en="the cadre", published=True, dump_only=True)
    milestone = Code(TITLES, label="种类", help_en="which one", published=True, dump_only=True)
    month = Text(longest=7, label="月份", help_en='the month, "YYYY-MM"', published=True, dump_only=True)


class MilestoneOut(Schema):
    """A milestone of a cadre on its day."""

    on = fields.Date(required=True)
    kind = fields.String(required=True, validate=one_of(TITLES))
    title = fields.String(required=True)
    cadre_id = fields.String(required=True)
    cadre_no = fields.String(required=True)
    name = fields.String(required=True)
    street = fields.String(required=True)
    street_label = fields.String(required=True, allow_none=True)
    liaison = fields.String(required=True, allow_none=True)
    liaison_label = fields.String(required=True, allow_none=True)


class MilestonesQuery(PageQuery):
    """The milestones of a year, of one kind and of one liaison's cadres (a code of the list) if asked."""

    year = fields.Integer(required=True, validate=validate.Range(1990, 2100))
    kind = fields.String(load_default=None, validate=one_of(TITLES))
    liaison = Text(required=False)
    cursor = fields.String(load_default=None, validate=validate.Regexp(r"[0-9]{1,6}\Z"))
