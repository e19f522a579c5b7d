"""Vouchers as a sheet of the workbook 预算执行."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from hongxia.rules import Refused, Violation
from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Column, Figure, Kind, Row, Sheet
from hongxia.workbook.reconcile import Loading, SheetRows
from services.finance import balance, judging
from services.finance.expenditures import rules
from services.finance.expenditures.model import Expenditure
from services.finance.expenditures.schema import ExpenditureSchema
from services.finance.lines.rules import find as find_line
from services.finance.lines.sheet import LINE_NO

REVERSES = Column(
    "冲销原凭证编号",
    "reverses_no",
    Kind.TEXT,
    "本凭证是冲销凭证的，填被冲销的凭证编号：项目、金额与原凭证相同，日期不早于原凭证。冲销凭证不能再冲销。"
    "原凭证在上一年度的，填上一年度的编号，本表没有同号凭证即按上一年度查找；项目编号填上一年度的项目。",
    "If this voucher reverses another: that voucher's number. Line and amount must be those of the original, the date "
    "not before it; a voucher is reversed whole, and once, and a reversal is not itself reversed. A number that this "
    "year does not have is looked for in the year before; the line then is that year's.",
    example="PZ-0001",
    required=False,
    max_length=32,
)

LINE = replace(
    LINE_NO,
    help_zh="须在本工作簿的“预算”表中；冲销上一年度凭证的，填上一年度的项目，不必在“预算”表中。",
    help_en="The line, a `项目编号` of the sheet `预算`; if the voucher reverses another, the line of that one, which "
    "this file need not have.",
    refers_unless="reverses_no",
)
"""The line of the year before is in no sheet of this year's file; `_reverse` holds it against the original."""

SHEET = Sheet(
    title_zh="支出",
    name="expenditures",
    key=("voucher_no",),
    help_zh="记账凭证，一张一行。帮扶款由系统自动记账，不要填在这里。任何一天终了时，支出不得超过项目余额。",
    help_en=(
        "Vouchers, one row each. Aid is posted by the system and must not be entered here. At the end of no day may "
        "more have been spent from a line than it had by then (budget and adjustments so far, less what was spent); "
        "within a day the order does not matter."
    ),
    columns=(number("凭证编号", "voucher_no", "PZ-0001"), LINE, *columns_of(ExpenditureSchema), REVERSES),
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


class ExpenditureRows(SheetRows):
    """Each row is a voucher; those that reverse another come after all others."""

    sheet = SHEET
    model = Expenditure

    def arranged(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows in the order in which they are taken."""
        return sorted(rows, key=lambda row: bool(row.values["reverses_no"]))

    def shown(self, record: Expenditure, names: Iterable[str]) -> dict[str, Any]:
        """Return what a row of the voucher would say now."""
        special = {
            "line_no": record.line.line_no,
            "reverses_no": record.reverses.voucher_no if record.reverses else None,
        }
        return {name: special[name] if name in special else getattr(record, name) for name in names}

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Expenditure | None:
        """Post the voucher, or reverse the one that it names."""
        number_of_original = values.pop("reverses_no")
        values["voucher_no"] = row.values["voucher_no"]
        voucher = (
            self._reverse(loading, values, number_of_original) if number_of_original else self._post(loading, values)
        )
        if voucher is not None:
            spends = voucher.reverses_id is None
            judging.note(loading, voucher.line_id, self.sheet.name, row, voucher.spent_on, "amount_fen", spends=spends)
        return voucher

    def _post(self, loading: Loading, values: dict[str, Any]) -> Expenditure | None:
        line = find_line(loading.session, loading.year, values.pop("line_no"))
        if line is None:
            return None  # its own row has a finding
        balance.lock_line(loading.session, line.id)
        return rules.post(loading.session, line, values, loading.today, judged=False)

    def _reverse(self, loading: Loading, values: dict[str, Any], original_no: str) -> Expenditure:
        session, line_no = loading.session, values.pop("line_no")
        session.flush()
        original = rules.find(session, loading.year, original_no) or rules.find(session, loading.year - 1, original_no)
        if original is None:
            message = f"本年度和上一年度都没有编号为“{original_no}”的凭证，请核对冲销原凭证编号"
            raise Refused(Violation("reverses_no", "unknown-expenditure", message))
        line = balance.lock_line(session, original.line_id)
        if line.line_no != line_no:
            message = f"冲销凭证的项目编号“{line_no}”与原凭证的“{line.line_no}”不同"
            raise Refused(Violation("line_no", "other-line", message))
        return rules.reverse(session, line, original, values, loading.today)

    def amend(self, loading: Loading, record: Expenditure, changes: dict[str, Any], row: Row) -> None:
        """Amend the voucher."""
        judging.refuse_other_line(record.line, changes)
        if "reverses_no" in changes:
            old, new = record.reverses.voucher_no if record.reverses else "", changes["reverses_no"] or ""
            message = f"已入账的凭证不能由冲销“{old}”改为冲销“{new}”；请以新编号另填一行"
            raise Refused(Violation("reverses_no", "other-voucher", message))
        balance.lock_line(loading.session, record.line_id)
        rules.amend(loading.session, record.line, record, changes, "workbook", loading.today, judged=False)
        spends = record.reverses_id is None
        judging.note(loading, record.line_id, self.sheet.name, row, record.spent_on, "amount_fen", spends=spends)
