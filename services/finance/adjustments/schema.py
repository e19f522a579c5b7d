"""What is recorded of an adjustment."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Code, Count, Day, Id, Text, Yuan
from services.finance.lines.schema import CLASSES

LIFECYCLE = Lifecycle(
    "budget-adjustment",
    "预算调整",
    Codes(made="已调整", voided="已作废"),
    {
        (NEW, "make"): "made",
        ("made", "amend"): "made",
        ("made", "void"): "voided",
    },
)


class AdjustmentSchema(RecordSchema):
    """A raise of a budget line within its year, or a cut if the amount is negative."""

    lifecycle = LIFECYCLE

    adjustment_no = Text(longest=32, label="调整编号", amendable=False, column=False)
    line_id = Id(label="项目", help_en="the budget line", published=True, dump_only=True)
    year = Count(1990, 2100, label="年度", help_en="budget year", published=True, dump_only=True)
    expenditure_class = Code(CLASSES, label="支出类别", help_en="class of the line", published=True, dump_only=True)
    adjusted_on = Day(
        label="日期",
        help="本年度内，不早于项目的批准日期，不晚于今天。",
        help_en="The date, not before the line's approval.",
        example="2022-09-15",
        published=True,
        within_year=True,
        not_future=True,
    )
    amount = Yuan(
        negative=True,
        attribute="amount_fen",
        label="调整金额（元）",
        help="调增为正，调减为负，不为零；不得使项目任何一天的余额为负。",
        help_en="In yuan: positive adds, negative cuts, never 0; on no day may the line's balance fall below zero.",
        example="-20000.00",
        published=True,
    )
