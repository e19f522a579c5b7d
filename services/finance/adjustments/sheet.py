"""Adjustments as a sheet of the workbook 预算执行."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Row, Sheet
from hongxia.workbook.reconcile import Loading, SheetRows
from services.finance import balance, judging
from services.finance.adjustments import rules
from services.finance.adjustments.model import Adjustment
from services.finance.adjustments.schema import AdjustmentSchema
from services.finance.lines.rules import find
from services.finance.lines.sheet import LINE_NO

SHEET = Sheet(
    title_zh="预算调整",
    name="adjustments",
    key=("adjustment_no",),
    help_zh="年中调整，一次一行；调减填负数。两个项目间调剂填两行。",
    help_en="Adjustments in the year, one row each, negative for a cut. A transfer between lines is two rows.",
    columns=(number("调整编号", "adjustment_no", "TZ-01"), LINE_NO, *columns_of(AdjustmentSchema)),
)


class AdjustmentRows(SheetRows):
    """Each row is an adjustment."""

    sheet = SHEET
    model = Adjustment

    def shown(self, record: Adjustment, names: Iterable[str]) -> dict[str, Any]:
        """Return what a row of the adjustment would say now."""
        return {name: record.line.line_no if name == "line_no" else getattr(record, name) for name in names}

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Adjustment | None:
        """Make the adjustment; a row whose line could not be taken has no finding of its own."""
        line = find(loading.session, loading.year, values.pop("line_no"))
        if line is None:
            return None
        balance.lock_line(loading.session, line.id)
        values["adjustment_no"] = row.values["adjustment_no"]
        adjustment = rules.make(loading.session, line, values, loading.today, judged=False)
        judging.note(loading, line.id, self.sheet.name, row, adjustment.adjusted_on, "amount_fen")
        return adjustment

    def amend(self, loading: Loading, record: Adjustment, changes: dict[str, Any], row: Row) -> None:
        """Amend the adjustment."""
        judging.refuse_other_line(record.line, changes)
        balance.lock_line(loading.session, record.line_id)
        rules.amend(loading.session, record.line, record, changes, "workbook", loading.today, judged=False)
        judging.note(loading, record.line_id, self.sheet.name, row, record.adjusted_on, "amount_fen")
