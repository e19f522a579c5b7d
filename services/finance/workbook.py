"""The year's budget, its adjustments and the vouchers as a workbook (预算执行)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hongxia.workbook.declare import Column, Figure, Finding, Kind, Row, Sheet, Workbook

EXPENDITURE_CLASSES = {"基本支出": "basic", "项目支出": "project"}


def _number(title: str, field: str, example: str) -> Column:
    return Column(title, field, Kind.TEXT, "本年内不重复。", "Unique in the year.", example=example, max_length=32)


def _line_no() -> Column:
    return Column(
        "项目编号",
        "line_no",
        Kind.TEXT,
        "须在本工作簿的“预算”表中。",
        "The line.",
        example="YS-01",
        max_length=32,
        refers_to="budget_lines",
    )


def _dated(title: str, field: str, help_zh: str, help_en: str, example: str) -> Column:
    return Column(title, field, Kind.DATE, help_zh, help_en, example=example, within_year=True, not_future=True)


def _one_line_pays_aid(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    flagged = [row for row in sheets["budget_lines"] if row.values["pays_aid"]]
    for row in flagged[1:]:
        message = f"帮扶资金只能有一个项目，第{flagged[0].number}行已填“是”"
        yield Finding("budget_lines", row.number, "pays_aid", message)


def _adjustments_are_not_zero(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    for row in sheets["adjustments"]:
        if row.values["amount_fen"] == 0:
            yield Finding("adjustments", row.number, "amount_fen", "调整金额不能为零")


def _reversals_match_their_voucher(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    """A reversal takes back one earlier voucher, whole, once, on the same line; it is not itself reversed."""
    vouchers = {row.values["voucher_no"]: row.values for row in sheets["expenditures"]}
    reversed_by: dict[object, int] = {}
    for row in sheets["expenditures"]:
        number = row.values["reverses_no"]
        if not number:
            continue
        for message in _reversal_problems(row, vouchers[number]):
            yield Finding("expenditures", row.number, "reverses_no", message)
        if number in reversed_by:
            yield Finding("expenditures", row.number, "reverses_no", f"凭证“{number}”已在第{reversed_by[number]}行冲销")
        reversed_by.setdefault(number, row.number)


def _reversal_problems(row: Row, original: Mapping[str, object]) -> Iterable[str]:
    if original["reverses_no"]:
        yield f"凭证“{original['voucher_no']}”本身是冲销凭证，不能再冲销"
    if original["line_no"] != row.values["line_no"]:
        yield "冲销凭证与原凭证的项目编号不同"
    if original["amount_fen"] != row.values["amount_fen"]:
        yield "冲销金额应等于原凭证金额（填正数）"
    if str(row.values["posted_on"]) < str(original["posted_on"]):
        yield "冲销日期早于原凭证日期"


BUDGET_LINES = Sheet(
    title_zh="预算",
    name="budget_lines",
    key=("line_no",),
    help_zh="年初批准的预算，一个项目一行。",
    help_en="The approved budget, one line each.",
    columns=(
        _number("项目编号", "line_no", "YS-01"),
        Column("项目名称", "name", Kind.TEXT, "项目名称。", "Name of the line.", example="离退休干部活动经费"),
        Column(
            "支出类别",
            "expenditure_class",
            Kind.CHOICE,
            "基本支出或项目支出。",
            "Basic or project expenditure.",
            example="项目支出",
            choices=EXPENDITURE_CLASSES,
        ),
        Column(
            "年初预算数（元）",
            "initial_fen",
            Kind.YUAN,
            "单位为元，不是万元。",
            "Initial budget, in yuan (not 万元).",
            example="250000.00",
            minimum=0,
        ),
        _dated(
            "批准日期",
            "approved_on",
            "本年度内；上年底已批准的填1月1日。",
            "The date; 1 January if approved before. Nothing can be spent from the line earlier.",
            "2022-01-01",
        ),
        Column(
            "帮扶资金",
            "pays_aid",
            Kind.YES_NO,
            "批准的帮扶从该项目拨付的填“是”；至多一个项目。该项目要留足余额。",
            "是 for the line from which approved aid (workbook 走访联络, sheet 帮扶) is paid; at most one. It needs "
            "the balance for it.",
            example="否",
            required=False,
            default=False,
        ),
    ),
    figures=(
        Figure(
            "finance.budget.total",
            "全年预算数",
            "Sum of `年初预算数（元）`, plus the sum of `调整金额（元）` of 预算调整; shown in 万元.",
            rule_zh="`年初预算数（元）`合计，加上“预算调整”表`调整金额（元）`合计；以万元显示。",
        ),
        Figure(
            "finance.budget.basic",
            "基本支出预算",
            "The same over lines with `支出类别` 基本支出.",
            rule_zh="同上，只计`支出类别`为基本支出的项目。",
        ),
        Figure(
            "finance.budget.project",
            "项目支出预算",
            "The same over lines with `支出类别` 项目支出.",
            rule_zh="同上，只计`支出类别`为项目支出的项目。",
        ),
    ),
)

ADJUSTMENTS = Sheet(
    title_zh="预算调整",
    name="adjustments",
    key=("adjustment_no",),
    help_zh="年中调整，一次一行；调减填负数。两个项目间调剂填两行。",
    help_en="Adjustments in the year, one row each, negative for a cut. A transfer between lines is two rows.",
    columns=(
        _number("调整编号", "adjustment_no", "TZ-01"),
        _line_no(),
        _dated(
            "日期",
            "adjusted_on",
            "本年度内，不早于项目的批准日期，不晚于今天。",
            "The date, not before the line's approval.",
            "2022-09-15",
        ),
        Column(
            "调整金额（元）",
            "amount_fen",
            Kind.YUAN,
            "调增为正，调减为负，不为零；不得使余额为负。",
            "In yuan: positive adds, negative cuts, never 0; the line's balance may not fall below zero.",
            example="-20000.00",
            minimum=None,
        ),
    ),
)

EXPENDITURES = Sheet(
    title_zh="支出",
    name="expenditures",
    key=("voucher_no",),
    help_zh="记账凭证，一张一行。帮扶款由系统自动记账，不要填在这里。按日期顺序，支出不得超过项目余额；同一天先算调整和冲销。",
    help_en=(
        "Vouchers, one row each. Aid is posted by the system and must not be entered here. In the order of dates no "
        "voucher may exceed its line's balance (budget and adjustments so far, less what was spent); within a day "
        "adjustments and reversals come first."
    ),
    columns=(
        _number("凭证编号", "voucher_no", "PZ-0001"),
        _line_no(),
        _dated(
            "日期",
            "posted_on",
            "本年度内，不早于项目的批准日期，不晚于今天。",
            "The date, not before the line's approval.",
            "2022-03-31",
        ),
        Column(
            "金额（元）",
            "amount_fen",
            Kind.YUAN,
            "正数；冲销凭证也填正数。",
            "In yuan, positive, in a reversal too.",
            example="12800.50",
            minimum=1,
        ),
        Column(
            "摘要",
            "summary",
            Kind.TEXT,
            "可不填。",
            "Purpose.",
            example="活动场地费",
            required=False,
            max_length=200,
        ),
        Column(
            "冲销原凭证编号",
            "reverses_no",
            Kind.TEXT,
            "本凭证是冲销凭证的，填被冲销的凭证编号：项目、金额与原凭证相同，日期不早于原凭证。冲销凭证不能再冲销。",
            "If this voucher reverses another: that voucher's number. Line and amount must be those of the original, "
            "the date not before it; a voucher is reversed whole, and once, and a reversal is not itself reversed.",
            example="PZ-0001",
            required=False,
            max_length=32,
            refers_to="expenditures",
        ),
    ),
    figures=(
        Figure(
            "finance.executed.total",
            "全年执行数",
            "Sum of `金额（元）` over rows with an empty `冲销原凭证编号`, less the sum over the others, plus the aid "
            "paid (finance.aid.paid); shown in 万元.",
            rule_zh=(
                "`冲销原凭证编号`为空的各行`金额（元）`合计，减去其余各行合计，"
                "加上已拨付的帮扶经费（`finance.aid.paid`）；以万元显示。"
            ),
        ),
        Figure(
            "finance.execution_rate",
            "预算执行率",
            "finance.executed.total divided by finance.budget.total.",
            rule_zh="全年执行数（`finance.executed.total`）除以全年预算数（`finance.budget.total`）。",
        ),
    ),
)

BUDGET = Workbook(
    name="budget",
    title_zh="预算执行",
    service="finance",
    order=2,
    sheets=(BUDGET_LINES, ADJUSTMENTS, EXPENDITURES),
    checks=(_one_line_pays_aid, _adjustments_are_not_zero, _reversals_match_their_voucher),
    help_zh="年度预算、预算调整和支出。金额单位一律为元。请先于走访联络表导入，帮扶才有资金可拨。",
    help_en="Budget, adjustments and vouchers, all in yuan. Imported before 走访联络, so that aid finds its money.",
)
