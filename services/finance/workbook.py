"""The workbook 预算执行: the year's budget, its adjustments and the vouchers."""

from __future__ import annotations

from hongxia.definition import Importable
from hongxia.workbook.declare import Workbook
from services.finance import judging
from services.finance.adjustments.sheet import AdjustmentRows
from services.finance.base import ACCOUNTANT
from services.finance.expenditures.sheet import ExpenditureRows
from services.finance.lines.sheet import BudgetLineRows

ROWS = (BudgetLineRows(), AdjustmentRows(), ExpenditureRows())

BUDGET = Workbook(
    name="budget",
    title_zh="预算执行",
    service="finance",
    order=2,
    sheets=tuple(rows.sheet for rows in ROWS),
    help_zh="年度预算、预算调整和支出。金额单位一律为元。请先于走访联络表导入，帮扶才有资金可拨。",
    help_en="Budget, adjustments and vouchers, all in yuan. Imported before 走访联络, so that aid finds its money.",
)

IMPORTABLE = Importable(BUDGET, ROWS, (ACCOUNTANT,), judging.finish)
