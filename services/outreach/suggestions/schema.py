"""What is recorded of a suggestion."""

from __future__ import annotations

from marshmallow import Schema

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Code, Day, Text

CATEGORIES = Codes(
    health="医疗保健",
    treatment="待遇落实",
    learning="学习活动",
    home_care="居家养老",
    legal="法律咨询",
    other="其他",
)

CHANNELS = Codes(platform="服务平台", phone="电话", visit="走访", meeting="座谈会", letter="来信来访", other="其他")

LIFECYCLE = Lifecycle(
    "suggestion",
    "意见建议",
    Codes(received="已收到", assigned="已交办", resolved="已办结", voided="已作废"),
    {
        (NEW, "receive"): "received",
        ("received", "amend"): "received",
        ("assigned", "amend"): "assigned",
        ("resolved", "amend"): "resolved",
        ("received", "assign"): "assigned",
        ("assigned", "assign"): "assigned",
        ("received", "resolve"): "resolved",
        ("assigned", "resolve"): "resolved",
        ("resolved", "reopen"): "received",
        ("received", "void"): "voided",
        ("assigned", "void"): "voided",
        ("resolved", "void"): "voided",
    },
    acts={"assign": "交办", "resolve": "办结"},
)


class SuggestionSchema(RecordSchema):
    """A request or suggestion. What it says, and who answers it, stays in this service."""

    lifecycle = LIFECYCLE

    received_on = Day(
        label="收到日期",
        help="本年度内，不晚于今天；以前年度收到、本年度办结的，也填原来的收到日期。",
        help_en="The date. A row that was received in an earlier year and is resolved in this one has its own, earlier "
        "date.",
        example="2022-04-06",
        published=True,
        not_future=True,
    )
    channel = Code(
        CHANNELS, label="渠道", help="从何处收到。", help_en="How it came in.", example="服务平台", published=True
    )
    category = Code(
        CATEGORIES, label="类别", help="关于什么。", help_en="What it is about.", example="医疗保健", published=True
    )
    summary = Text(
        label="摘要",
        help="可不填。只存于本系统的走访联络服务，不对外发布。",
        help_en="Gist; stays within the outreach service and is never published.",
        example="希望增加体检项目",
        longest=500,
        required=False,
    )
    assignee = Text(label="承办人", longest=50, dump_only=True, allow_none=True)
    assigned_on = Day(
        label="交办日期",
        help_en="the day on which it was given to somebody to answer; null if it was not",
        published=True,
        required=False,
        creatable=False,
        column=False,
    )
    resolved_on = Day(
        label="办结日期",
        help="本年度内办结的填写，不早于收到日期；年底前未办结的不填。",
        help_en="Date of resolution, not before `收到日期`; empty if not resolved by the end of the year.",
        example="2022-04-12",
        published=True,
        required=False,
        creatable=False,
        within_year=True,
        not_future=True,
    )


class AssignmentIn(Schema):
    """To whom (a code or a post; a name is not needed) a suggestion is given."""

    assignee = Text(label="承办人", longest=50)
    assigned_on = Day(label="交办日期")


class ResolutionIn(Schema):
    """When a suggestion was dealt with."""

    resolved_on = Day(label="办结日期")
