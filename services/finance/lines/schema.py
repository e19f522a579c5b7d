"""What is recorded of a budget line."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Code, Count, Day, Flag, Text, Yuan

CLASSES = Codes(basic="基本支出", project="项目支出")

LIFECYCLE = Lifecycle(
    "budget-line",
    "预算项目",
    Codes(approved="已批准", voided="已作废"),
    {
        (NEW, "approve"): "approved",
        ("approved", "amend"): "approved",
        ("approved", "void"): "voided",
    },
)


class BudgetLineSchema(RecordSchema):
    """A line of a year's budget. `adjusted`, `spent` and `balance` count all records of the line, in yuan."""

    lifecycle = LIFECYCLE

    year = Count(1990, 2100, label="年度", help_en="budget year", published=True, amendable=False, column=False)
    line_no = Text(
        longest=32, label="项目编号", help_en="number within the year", published=True, amendable=False, column=False
    )
    name = Text(
        label="项目名称", help="项目名称。", help_en="Name of the line.", example="离退休干部活动经费", published=True
    )
    expenditure_class = Code(
        CLASSES,
        label="支出类别",
        help="基本支出或项目支出。",
        help_en="Basic or project expenditure.",
        example="项目支出",
        published=True,
    )
    initial = Yuan(
        zero=True,
        attribute="initial_fen",
        label="年初预算数（元）",
        help="单位为元，不是万元。",
        help_en="Initial budget, in yuan (not 万元).",
        example="250000.00",
        published=True,
    )
    approved_on = Day(
        label="批准日期",
        help="本年度内；上年底已批准的填1月1日。",
        help_en="The date; 1 January if approved before. Nothing can be spent from the line earlier.",
        example="2022-01-01",
        published=True,
        within_year=True,
        not_future=True,
    )
    pays_aid = Flag(
        required=False,
        load_default=False,
        label="帮扶资金",
        help="批准的帮扶从该项目拨付的填“是”；至多一个项目。该项目要留足余额。",
        help_en="是 for the line from which approved aid (workbook 走访联络, sheet 帮扶) is paid; at most one. It "
        "needs the balance for it.",
        example="否",
        published=True,
    )
    adjusted = Yuan(negative=True, zero=True, attribute="adjusted_fen", label="调整（元）", dump_only=True)
    spent = Yuan(negative=True, zero=True, attribute="spent_fen", label="支出（元）", dump_only=True)
    balance = Yuan(negative=True, zero=True, attribute="balance_fen", label="余额（元）", dump_only=True)
