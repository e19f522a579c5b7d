"""What is recorded of a contact."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import CadreRef, Code, Day, Text

METHODS = Codes(phone="电话", wechat="微信", in_person="当面", other="其他")

LIFECYCLE = Lifecycle(
    "contact",
    "每月联系",
    Codes(made="已联系", voided="已作废"),
    {
        (NEW, "make"): "made",
        ("made", "amend"): "made",
        ("made", "void"): "voided",
        ("voided", "make"): "made",
    },
    acts={"make": "重新登记"},
)


class ContactSchema(RecordSchema):
    """A contact with one cadre: there is one of each cadre, date and method."""

    lifecycle = LIFECYCLE

    cadre_id = CadreRef(published=True, amendable=False)
    contacted_on = Day(
        label="联系日期",
        help="本年度内，不晚于今天，不早于干部的登记日期，不晚于干部的去世日期。",
        help_en="The date, not before the cadre's 登记日期 and not after the cadre's death.",
        example="2022-03-10",
        published=True,
        within_year=True,
        not_future=True,
    )
    month = Text(
        label="月份",
        help_en="the month of `contacted_on`, as YYYY-MM",
        published=True,
        dump_only=True,
        longest=7,
    )
    method = Code(
        METHODS, label="方式", help="以何种方式联系。", help_en="By what means.", example="电话", published=True
    )
