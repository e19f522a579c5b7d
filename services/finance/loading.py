"""The workbook 预算执行 into finance's records: by the same rules as the API, in the order of dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.definition import Loaded, NotLoadable, Rows
from hongxia.http.problems import Problem
from hongxia.workbook.declare import Finding, Row
from services.finance import budget, expenditure
from services.finance.models import Adjustment

CHANGED = "编号已存在且内容不同，请在系统中修改"

FIELDS = {
    "#/amount": "amount_fen",
    "#/approved_on": "approved_on",
    "#/pays_aid": "pays_aid",
    "#/adjusted_on": "adjusted_on",
    "#/spent_on": "posted_on",
    "#/voucher_no": "voucher_no",
}
"""Where a problem of the API stands in the workbook."""


def _column(row: Row, problem: Problem) -> str:
    """The column that a problem is about; one without a pointer is about the voucher that a reversal names."""
    if not problem.errors:
        return "reverses_no" if row.values.get("reverses_no") else ""
    return FIELDS.get(problem.errors[0].pointer or "", "")


@dataclass(slots=True)
class _Loading:
    session: Session
    year: int
    created: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def take(self, sheet: str, row: Row, kept: Any, same: bool, create: Callable[[], object]) -> None:
        """One row: there already, there with another content, or new."""
        if kept is not None and not same:
            self.findings.append(Finding(sheet, row.number, "", CHANGED))
            return
        counts = self.created if kept is None else self.unchanged
        if kept is None:
            try:
                create()
            except Problem as problem:
                self.findings.append(Finding(sheet, row.number, _column(row, problem), problem.detail))
                return
        counts[sheet] = counts.get(sheet, 0) + 1


Take = Callable[["_Loading", Row], None]


def load(session: Session, year: int, rows: Rows, _today: date) -> Mapping[str, Loaded]:
    """Approve lines, then adjust and post by date. Raises NotLoadable."""
    loading = _Loading(session, year)
    for row in rows["budget_lines"]:
        _line(loading, row)
    for take, row in _in_turn(rows["adjustments"], rows["expenditures"]):
        take(loading, row)
    if loading.findings:
        raise NotLoadable(loading.findings)
    return {sheet: Loaded(loading.created.get(sheet, 0), loading.unchanged.get(sheet, 0)) for sheet in rows}


def _in_turn(adjustments: Sequence[Row], vouchers: Sequence[Row]) -> list[tuple[Take, Row]]:
    """By date. Within a day what may free money comes first: adjustments, reversals of earlier days' vouchers, vouchers
    that are reversed on their own day, each followed by its reversal; then all others, as they stand in the sheet.
    """
    posted = {row.values["voucher_no"]: row.values["posted_on"] for row in vouchers}
    reversals = [row.values for row in vouchers if row.values["reverses_no"]]
    undone = {values["reverses_no"] for values in reversals if posted.get(values["reverses_no"]) == values["posted_on"]}

    def place(row: Row) -> tuple[str, int, str, bool]:
        number, original, day = (row.values[name] for name in ("voucher_no", "reverses_no", "posted_on"))
        pair = original or number
        if pair in undone and posted[pair] == day:
            return str(day), 2, str(pair), bool(original)
        return str(day), 1 if original else 3, "", False

    placed: list[tuple[tuple[str, int, str, bool], Take, Row]] = []
    placed += [((str(row.values["adjusted_on"]), 0, "", False), _adjustment, row) for row in adjustments]
    placed += [(place(row), _voucher, row) for row in vouchers]
    return [(take, row) for _, take, row in sorted(placed, key=lambda entry: entry[0])]


def _line(loading: _Loading, row: Row) -> None:
    new = budget.NewLine(year=loading.year, **row.values)  # type: ignore[arg-type]
    kept = budget.find(loading.session, new.year, new.line_no)
    same = kept is not None and all(getattr(kept, name) == getattr(new, name) for name in budget.NewLine.__slots__)
    loading.take("budget_lines", row, kept, same, lambda: budget.approve(loading.session, new))


def _adjustment(loading: _Loading, row: Row) -> None:
    values: Any = row.values
    line = budget.find(loading.session, loading.year, values["line_no"])
    if line is None:
        return  # its own row has a finding
    kept = loading.session.get(Adjustment, ids.entity_id("budget-adjustment", loading.year, values["adjustment_no"]))
    wanted = (line.id, values["amount_fen"], values["adjusted_on"])
    same = kept is not None and (kept.line_id, kept.amount_fen, kept.adjusted_on) == wanted
    loading.take("adjustments", row, kept, same, lambda: _adjust(loading.session, line.id, values))


def _adjust(session: Session, line_id: str, values: Any) -> None:
    line = budget.locked(session, line_id)
    budget.adjust(session, line, values["adjustment_no"], values["amount_fen"], values["adjusted_on"])


def _voucher(loading: _Loading, row: Row) -> None:
    values: Any = row.values
    line = budget.find(loading.session, loading.year, values["line_no"])
    if line is None:
        return
    voucher = expenditure.Voucher(
        values["voucher_no"], values["amount_fen"], values["posted_on"], values["summary"] or None
    )
    original_no = values["reverses_no"]
    original = expenditure.find(loading.session, loading.year, original_no) if original_no else None
    if original_no and original is None:
        return
    kept = expenditure.find(loading.session, loading.year, voucher.voucher_no)
    wanted = (line.id, voucher.amount_fen, voucher.spent_on, voucher.summary, original.id if original else None)
    same = kept is not None and wanted == (
        kept.line_id,
        kept.amount_fen,
        kept.spent_on,
        kept.summary,
        kept.reverses_id,
    )

    def create() -> None:
        locked = budget.locked(loading.session, line.id)
        if original is None:
            expenditure.post(loading.session, locked, voucher)
        else:
            expenditure.reverse(loading.session, locked, original, voucher)

    loading.take("expenditures", row, kept, same, create)
