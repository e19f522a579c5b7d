"""What is recorded of a work."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import CadreRef, Code, Day, Flag, Text

GENRES = Codes(poem="诗词", essay="征文", reflection="学习心得", calligraphy="书法", painting="绘画")

WITHDRAW_REASONS = Codes(
    {
        "by-author": "作者撤回",
        "entered-in-error": "录入错误",
        "duplicate": "重复登记",
        "other": "其他",
    }
)

LIFECYCLE = Lifecycle(
    "work",
    "作品",
    Codes(collected="已收到", withdrawn="已撤回"),
    {
        (NEW, "record"): "collected",
        ("collected", "amend"): "collected",
        ("collected", "withdraw"): "withdrawn",
    },
    acts={"withdraw": "撤回"},
)


class WorkSchema(RecordSchema):
    """A work received; without `cadre_id` its author is not in the register, without `call` it answers none."""

    lifecycle = LIFECYCLE

    work_no = Text(longest=32, label="作品编号", help="本年内不重复。", required=False, amendable=False, column=False)
    cadre_id = CadreRef(
        help="干部名册中的编号；作者不在名册的不填。",
        help_en="The cadre's number in the workbook 干部名册; empty if the author is not in it.",
        required=False,
        published=True,
    )
    genre = Code(GENRES, label="体裁", help="作品的体裁。", help_en="Genre.", example="诗词", published=True)
    title = Text(longest=200, label="题目", help="可不填。", help_en="Title.", example="七律·望江", required=False)
    collected_on = Day(
        label="收到日期",
        help="本年度内，不晚于今天。",
        help_en="The date.",
        example="2022-06-20",
        published=True,
        within_year=True,
        not_future=True,
    )
    call = Text(
        label="征集活动",
        help="应哪一次征集而作；不是应征作品的不填。",
        help_en="The call that the work answers; empty if none.",
        example="庆祝建党诗词征文",
        required=False,
        published=True,
    )
    by_family = Flag(
        label="家属代交", help="作者去世后由家属交来的填 true。", required=False, load_default=False, column=False
    )
