"""What is recorded of a session."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Code, Count, Day, Text

PROGRAMMES = Codes(
    college="老干部大学堂",
    online="线上授课",
    culture_sports="文体活动",
    research="专题调研",
    youth="关工委活动",
    staff_training="工作人员培训",
)

HOSTS = Codes(centre="本中心", district="区", city="市", province="省")

STATES = Codes(scheduled="已安排", held="已举办", cancelled="已取消")

CANCEL_REASONS = Codes(
    {
        "epidemic": "疫情",
        "weather": "天气",
        "speaker": "主讲人原因",
        "too-few": "报名人数过少",
        "entered-in-error": "录入错误",
        "duplicate": "重复登记",
        "other": "其他",
    }
)

LIFECYCLE = Lifecycle(
    "session",
    "场次",
    STATES,
    {
        (NEW, "schedule"): "scheduled",
        (NEW, "hold"): "held",
        (NEW, "cancel"): "cancelled",
        ("scheduled", "amend"): "scheduled",
        ("scheduled", "hold"): "held",
        ("scheduled", "cancel"): "cancelled",
        ("held", "amend"): "held",
        ("held", "cancel"): "cancelled",
    },
    acts={"hold": "登记为已举办", "cancel": "取消"},
)
"""A session may be written down after the fact, so it may begin as held or, from a workbook, as cancelled."""


class SessionSchema(RecordSchema):
    """A session of a programme; `others_count` is attendance that is not listed by name."""

    lifecycle = LIFECYCLE

    session_no = Text(
        longest=32, label="场次编号", help="本年内不重复。", required=False, amendable=False, column=False
    )
    title = Text(
        longest=200,
        label="名称",
        help="活动名称。",
        help_en="Title.",
        example="红霞生辉——老干部大学堂第一讲",
        published=True,
    )
    programme = Code(
        PROGRAMMES, label="类型", help="属于哪一类。", help_en="The programme.", example="老干部大学堂", published=True
    )
    held_on = Day(
        label="日期",
        help="本年度内；已举办的不晚于今天。",
        help_en="The date; of a session that is planned (已安排) the date planned.",
        example="2022-03-15",
        published=True,
        within_year=True,
    )
    host = Code(
        HOSTS,
        label="主办层级",
        help="由谁主办：本局活动中心填“本中心”，参加区、市、省举办的填相应层级。",
        help_en="Who hosts: 本中心 is the bureau's own centre; 区, 市, 省 are activities of the district, city or "
        "province that the bureau's cadres join.",
        example="本中心",
        published=True,
    )
    venue = Text(label="地点", help="可不填。", help_en="Venue.", example="老干部活动中心", required=False)
    topic = Text(
        longest=200,
        label="专题",
        help="类型为“专题调研”的必填：调研的题目。同一专题的多次调研，题目要写得一样。",
        help_en="For 专题调研 required: the topic. Several meetings on one topic must spell it alike.",
        example="基层党建调研",
        required=False,
        published=True,
    )
    others_count = Count(
        0,
        1_000_000,
        label="其他参加人次",
        help="未在“考勤”中逐人登记的参加人次；没有的不填。",
        help_en="Attendance that is not listed by name in 考勤; empty is 0.",
        example="0",
        required=False,
        load_default=0,
        published=True,
    )
