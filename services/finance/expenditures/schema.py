"""What is recorded of a voucher."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Code, Count, Day, Id, Text, Yuan
from services.finance.lines.schema import CLASSES

LIFECYCLE = Lifecycle(
    "expenditure",
    "支出凭证",
    Codes(posted="已记账", reversal="冲销凭证"),
    {
        (NEW, "post"): "posted",
        (NEW, "reverse"): "reversal",
        ("posted", "amend"): "posted",
        ("reversal", "amend"): "reversal",
    },
)


class ExpenditureSchema(RecordSchema):
    """A voucher: money spent from a line, or, if `reverses_id` names another voucher, a reversal of that one, whole.

    `year` is that of its date; a reversal may lie in a later year than the voucher that it reverses.
    """

    lifecycle = LIFECYCLE

    voucher_no = Text(longest=32, label="凭证编号", amendable=False, column=False)
    line_id = Id(label="项目", help_en="the budget line", published=True, amendable=False, column=False)
    year = Count(1990, 2100, label="年度", help_en="the year in which it counts", published=True, dump_only=True)
    expenditure_class = Code(CLASSES, label="支出类别", help_en="class of the line", published=True, dump_only=True)
    spent_on = Day(
        label="日期",
        help="本年度内，不早于项目的批准日期，不晚于今天。",
        help_en="The date, not before the line's approval.",
        example="2022-03-31",
        published=True,
        within_year=True,
        not_future=True,
    )
    amount = Yuan(
        attribute="amount_fen",
        label="金额（元）",
        help="正数；冲销凭证也填正数。",
        help_en="In yuan, positive, in a reversal too.",
        example="12800.50",
        published=True,
    )
    summary = Text(longest=200, required=False, label="摘要", help="可不填。", help_en="Purpose.", example="活动场地费")
    reverses_id = Id(label="冲销的凭证", dump_only=True, allow_none=True)
