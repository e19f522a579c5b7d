"""Rows of the workbook 预算执行: lines, adjustments, vouchers and their reversals."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from demo.care import Record
from demo.chance import chance, in_month, parts
from demo.plan import LinePlan, Plan

PURPOSES = {
    "basic": ("工资津贴", "离退休费补差", "办公费", "水电费", "公务交通"),
    "project": ("慰问金及慰问品", "活动场地费", "授课劳务费", "体检费", "资料印刷费", "平台维护费"),
}


def make_budget(plan: Plan, seed: int) -> dict[str, list[Record]]:
    """All sheets of the workbook. Aid is not among the vouchers: it is posted by the system."""
    rng = chance(seed, "budget")
    return {
        "budget_lines": [_line(plan.year, line) for line in plan.lines],
        "adjustments": _adjustments(plan),
        "expenditures": _expenditures(plan, rng),
    }


def _line(year: int, line: LinePlan) -> Record:
    return {
        "line_no": line.number,
        "name": line.name,
        "expenditure_class": line.expenditure_class,
        "initial_fen": line.initial,
        "approved_on": date(year, 1, 1),
        "pays_aid": line.pays_aid,
    }


def _adjustments(plan: Plan) -> list[Record]:
    changes = [
        (date(plan.year, month, day), line.number, amount)
        for line in plan.lines
        for month, day, amount in line.adjustments
    ]
    return [
        {"adjustment_no": f"TZ-{number:02}", "line_no": line_no, "adjusted_on": on, "amount_fen": amount}
        for number, (on, line_no, amount) in enumerate(sorted(changes), start=1)
    ]


def _expenditures(plan: Plan, rng: Random) -> list[Record]:
    """Vouchers over the year, the last in December; on every second line one in spring, posted wrongly."""
    entries: list[tuple[date, str, int, str, int]] = []  # date, line, fen, purpose, 1 if a wrong posting
    for index, line in enumerate(plan.lines):
        if line.pays_aid:
            continue
        purposes = PURPOSES[line.expenditure_class]
        amounts = parts(rng, line.adjusted - line.unspent, rng.randint(24, 40), least=1)
        days = [in_month(rng, plan.year, 1 + number * 12 // len(amounts)) for number in range(len(amounts))]
        days[-1] = date(plan.year, 12, 22) + timedelta(days=index % 5)
        entries += [(on, line.number, fen, rng.choice(purposes), 0) for on, fen in zip(days, amounts, strict=True)]
        if index % 2 == 0:
            entries.append((in_month(rng, plan.year, rng.randint(3, 5)), line.number, amounts[3] + 100, "误记", 1))
    return _numbered(sorted(entries))


def _numbered(entries: list[tuple[date, str, int, str, int]]) -> list[Record]:
    """Vouchers in the order of their dates, each wrong one with its reversal five days later."""
    reversals = [(on + timedelta(days=5), number) for number, (on, *_, wrong) in enumerate(entries) if wrong]
    order = sorted(
        [(entry[0], 0, number) for number, entry in enumerate(entries)] + [(on, 1, number) for on, number in reversals]
    )
    numbers = {(kind, number): f"PZ-{index:04}" for index, (_, kind, number) in enumerate(order, start=1)}
    records: list[Record] = []
    for on, kind, number in order:
        _, line_no, fen, purpose, _ = entries[number]
        records.append(
            {
                "voucher_no": numbers[kind, number],
                "line_no": line_no,
                "spent_on": on,
                "amount_fen": fen,
                "summary": f"冲销{numbers[0, number]}" if kind else purpose,
                "reverses_no": numbers[0, number] if kind else None,
            }
        )
    return records
