"""What is recorded of a visit."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import CadreRef, Code, Count, Day, Flag

FORMS = Codes(home="家访", hospital="医院探视", other="其他")

CATEGORIES = Codes(routine="日常走访", festival="节日慰问", love_knocks="让爱来敲门")

OCCASIONS = Codes(
    illness="生病住院",
    hardship="重大变故或困难",
    death="去世",
    birthday="高龄寿辰",
    party_50_years="光荣在党50年",
    festival="重大节日",
    living_alone="独居",
    treatment_change="待遇变化",
    routine="日常",
)

LIFECYCLE = Lifecycle(
    "visit",
    "走访",
    Codes(recorded="已登记", voided="已作废"),
    {
        (NEW, "record"): "recorded",
        ("recorded", "amend"): "recorded",
        ("recorded", "void"): "voided",
    },
)


class VisitSchema(RecordSchema):
    """A call on one cadre."""

    lifecycle = LIFECYCLE

    cadre_id = CadreRef(published=True)
    visited_on = Day(
        label="走访日期",
        help="本年度内，不晚于今天，不早于干部的登记日期。干部去世后的走访，事由只能是“去世”（慰问家属）。",
        help_en="The date, not before the cadre's 登记日期. After the cadre's death only 事由 去世 is accepted (a call "
        "on the family).",
        example="2022-07-01",
        published=True,
        within_year=True,
        not_future=True,
    )
    form = Code(
        FORMS, label="走访形式", help="在哪里走访。", help_en="Where the call was paid.", example="家访", published=True
    )
    category = Code(
        CATEGORIES,
        label="走访类别",
        help="“让爱来敲门”指七一、金秋敬老月等专题上门慰问。",
        help_en="The programme. 让爱来敲门 is the bureau's yearly round of themed calls (1 July, the autumn month of "
        "respect for the old).",
        example="让爱来敲门",
        published=True,
    )
    occasion = Code(OCCASIONS, label="事由", help="为何走访。", help_en="Why.", example="光荣在党50年", published=True)
    five_must = Flag(
        label="五必访",
        help="属于本局“五必访”范围的填“是”。",
        help_en="是 if the bureau counts this call among its five must-visits (五必访).",
        example="否",
        published=True,
    )
    people = Count(
        1,
        99,
        label="慰问人数",
        help="本次慰问的人数：老同志本人加家属，至少1人。",
        help_en="People called on: the cadre and members of the family, at least 1.",
        example="1",
        published=True,
    )
    minutes = Count(
        1,
        1440,
        required=False,
        label="时长（分钟）",
        help="可不填。本次走访的时长。",
        help_en="How long the call lasted, in minutes; may be empty.",
        example="40",
        published=True,
    )
