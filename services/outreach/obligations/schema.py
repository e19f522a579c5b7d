"""What is recorded of obligations, of their kinds, and of the festivals that raise some of them."""

from __future__ import annotations

import re

from marshmallow import fields, validate

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import CadreRef, Code, Count, Day, Flag, Id, Text, one_of
from services.outreach.visits.schema import OCCASIONS

CAUSES = Codes(
    stay="住院",
    discharge="出院",
    monthly="住院期间每月",
    death="去世",
    milestone="高龄寿辰、光荣在党50年",
    festival="重大节日",
    hardship="列为困难",
    living_alone="列为独居",
)
"""What raises an obligation by itself."""

CONCERNED = Codes(all="全体", hardship="困难", living_alone="独居", advanced_age="高龄", resettled="易地安置")
"""Whom the festivals concern that raise obligations of a kind."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,19}")

KIND_LIFECYCLE = Lifecycle(
    "obligation-kind",
    "五必访种类",
    Codes(listed="在列"),
    {(NEW, "add"): "listed", ("listed", "change"): "listed"},
)

FESTIVAL_LIFECYCLE = Lifecycle(
    "festival",
    "重大节日",
    Codes(listed="在列", retired="已撤下"),
    {
        (NEW, "list"): "listed",
        ("listed", "amend"): "listed",
        ("listed", "retire"): "retired",
        ("retired", "relist"): "listed",
    },
    acts={"retire": "撤下", "relist": "恢复"},
)

LIFECYCLE = Lifecycle(
    "obligation",
    "五必访任务",
    Codes(open="待办", met="已办", missed="逾期未办", cancelled="已取消"),
    {
        (NEW, "raise"): "open",
        ("open", "amend"): "open",
        ("missed", "amend"): "missed",
        ("met", "amend"): "met",
        ("cancelled", "amend"): "cancelled",
        ("open", "meet"): "met",
        ("missed", "meet"): "met",
        ("met", "meet"): "met",
        ("cancelled", "meet"): "met",
        ("cancelled", "miss"): "missed",
        ("open", "miss"): "missed",
        ("met", "miss"): "missed",
        ("met", "reopen"): "open",
        ("missed", "reopen"): "open",
        ("cancelled", "reopen"): "open",
        ("open", "cancel"): "cancelled",
        ("met", "cancel"): "cancelled",
        ("missed", "cancel"): "cancelled",
    },
)


def checked_code(code: str) -> str | None:
    """Return what is wrong with the code of a kind, in Chinese, or None."""
    if _CODE.fullmatch(code):
        return None
    return "代码应为小写字母、数字和下划线，以字母开头，不超过20个字符"


class ObligationKindSchema(RecordSchema):
    """A kind of visit that must be paid: what raises it, the days that there are, the occasions of fitting visits."""

    lifecycle = KIND_LIFECYCLE

    code = Text(label="代码", help_en="stands in obligations", longest=20, published=True, dump_only=True)
    title = Text(label="名称", help_en="what people read", longest=30, published=True)
    raised_by = Code(
        CAUSES,
        label="由何引起",
        help="不填则不自动产生任务。",
        help_en="what raises it by itself; null if nothing does",
        published=True,
        required=False,
    )
    days = Count(
        0,
        365,
        label="期限天数",
        help="得知之日起的天数；寿辰、每月探视自当月（期）末起算；节日指节前的天数，期限为节日当天。",
        help_en="days that there are from the report, the discharge, the death, the flag, or the end of the month; of "
        "a festival, the days before it, which is the deadline itself",
        published=True,
    )
    working_days = Flag(
        label="按工作日计",
        help_en="whether they are working days",
        published=True,
        required=False,
        load_default=False,
    )
    concerns = Code(
        CONCERNED,
        label="慰问对象",
        help="节日慰问哪些干部。",
        help_en="whom the festivals concern; of other kinds it says nothing",
        published=True,
        required=False,
        load_default="all",
    )
    occasions = fields.List(
        fields.String(validate=one_of(OCCASIONS)),
        required=True,
        validate=validate.Length(1, 20),
        metadata={"label": "走访事由", "help_en": "occasions of the visits that meet it", "published": True},
    )
    active = Flag(label="启用", help_en="whether it raises new obligations", published=True)


class FestivalSchema(RecordSchema):
    """A festival of the bureau's list, with its date in one year."""

    lifecycle = FESTIVAL_LIFECYCLE

    name = Text(label="节日名称", help_en="what the bureau calls it", longest=30, published=True)
    held_on = Day(label="日期", help_en="its date; visits are due by then", published=True)


class ObligationSchema(RecordSchema):
    """A visit that must be, was, or should have been paid."""

    lifecycle = LIFECYCLE

    kind = Text(label="种类", help_en="the code of its kind", longest=20, published=True, dump_only=True)
    cadre_id = CadreRef(published=True, dump_only=True)
    cause = Code(CAUSES, label="由何引起", dump_only=True)
    raised_on = Day(label="起始日期", help_en="the first day on which a visit meets it", published=True, dump_only=True)
    due_on = Day(label="期限", help_en="the last such day", published=True, dump_only=True)
    stay_id = Id(label="住院", dump_only=True, allow_none=True)
    visit_id = Id(label="走访", help_en="the visit that met it", published=True, dump_only=True, allow_none=True)
    met_on = Day(label="走访日期", help_en="the day of that visit", published=True, dump_only=True, allow_none=True)
    on_time = Flag(
        label="按期",
        help_en="true if it was met by the deadline, false if the deadline passed, null otherwise",
        published=True,
        dump_only=True,
        allow_none=True,
    )
    note = Text(label="说明", dump_only=True, allow_none=True)
