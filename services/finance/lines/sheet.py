"""Budget lines as a sheet of the workbook 预算执行."""

from __future__ import annotations

from typing import Any

from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Column, Figure, Kind, Row, Sheet
from hongxia.workbook.reconcile import Loading, SheetRows
from services.finance import judging
from services.finance.lines import rules
from services.finance.lines.model import BudgetLine
from services.finance.lines.schema import BudgetLineSchema

LINE_NO = Column(
    "项目编号",
    "line_no",
    Kind.TEXT,
    "须在本工作簿的“预算”表中。",
    "The line.",
    example="YS-01",
    max_length=32,
    refers_to="budget_lines",
)
"""The column of other sheets that names a line."""

SHEET = Sheet(
    title_zh="预算",
    name="budget_lines",
    key=("line_no",),
    help_zh="年初批准的预算，一个项目一行。",
    help_en="The approved budget, one line each.",
    columns=(number("项目编号", "line_no", "YS-01"), *columns_of(BudgetLineSchema)),
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


class BudgetLineRows(SheetRows):
    """Each row is a line; balances are judged once all rows are in."""

    sheet = SHEET
    model = BudgetLine

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> BudgetLine:
        """Approve the line."""
        values = {**values, "year": loading.year, "line_no": row.values["line_no"]}
        line = rules.approve(loading.session, values, loading.today)
        judging.note(loading, line.id, self.sheet.name, row, line.approved_on, "initial_fen")
        return line

    def amend(self, loading: Loading, record: BudgetLine, changes: dict[str, Any], row: Row) -> None:
        """Amend the line."""
        rules.amend(loading.session, record, changes, "workbook", loading.today, judged=False)
        judging.note(loading, record.id, self.sheet.name, row, record.approved_on, "initial_fen")
