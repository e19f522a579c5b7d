"""The year's figures counted straight from the workbooks, by the rules of docs/workbooks.md and nothing else.

This shares no code with the system: it reads cells by their Chinese headers and counts.
Tests hold the system's figures against it, for workbooks of any bureau and year.
"""

from __future__ import annotations

import sys
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

from openpyxl import load_workbook

Line = dict[str, object]
Sheets = dict[str, list[Line]]


def figures(folder: Path, year: int) -> dict[str, Fraction]:
    """Code → exact value, in the unit of the indicator (万元, %, …), from the workbooks in the folder."""
    sheets = read_folder(folder)
    return {**_finance(sheets), **_activities(sheets), **_outreach(sheets, year)}


def read_folder(folder: Path) -> Sheets:
    """Sheet title → its rows by header, over every .xlsx of the folder."""
    sheets: Sheets = {}
    for path in sorted(folder.glob("*.xlsx")):
        book = load_workbook(path, data_only=True, read_only=True)
        for sheet in book.worksheets:
            lines = list(sheet.iter_rows(values_only=True))
            header = [str(title) for title in lines[0]] if lines else []
            filled = (line for line in lines[1:] if any(cell is not None for cell in line))
            rows: list[Line] = [dict(zip(header, line, strict=False)) for line in filled]
            sheets.setdefault(sheet.title, []).extend(rows)
        book.close()
    return sheets


def _finance(sheets: Sheets) -> dict[str, Fraction]:
    classes = {line["项目编号"]: line["支出类别"] for line in sheets["预算"]}

    def budget(*wanted: str) -> Fraction:
        initial = _sum((row for row in sheets["预算"] if row["支出类别"] in wanted), "年初预算数（元）")
        changed = (row for row in sheets.get("预算调整", []) if classes[row["项目编号"]] in wanted)
        return (initial + _sum(changed, "调整金额（元）")) / 10_000

    aid = _sum(_where(sheets["帮扶"], 审批结果="批准"), "金额（元）") / 10_000
    posted = [row for row in sheets["支出"] if not row["冲销原凭证编号"]]
    reversals = [row for row in sheets["支出"] if row["冲销原凭证编号"]]
    executed = (_sum(posted, "金额（元）") - _sum(reversals, "金额（元）")) / 10_000 + aid
    total = budget("基本支出", "项目支出")
    return {
        "finance.budget.total": total,
        "finance.budget.basic": budget("基本支出"),
        "finance.budget.project": budget("项目支出"),
        "finance.executed.total": executed,
        "finance.execution_rate": 100 * executed / total,
        "finance.aid.paid": aid,
    }


def _activities(sheets: Sheets) -> dict[str, Fraction]:
    held = _where(sheets["场次"], 状态="已举办")
    sports = _where(held, 类型="文体活动")
    online = _where(held, 类型="线上授课")
    lessons = {row["场次编号"] for row in online}
    named = sum(row["场次编号"] in lessons for row in sheets["考勤"])
    works = sheets["作品"]
    called = [row for row in works if row["征集活动"]]
    free = [row for row in works if not row["征集活动"]]
    rosters = sheets.get("接种名册", [])
    return {
        "activities.college.sessions": _count(_where(held, 类型="老干部大学堂")),
        "activities.research.topics": _distinct(_where(held, 类型="专题调研"), "专题"),
        "activities.events.hosted": _count(_where(sports, 主办层级="本中心")),
        "activities.events.joined": _count(row for row in sports if row["主办层级"] in ("区", "市", "省")),
        "activities.works.poems_call": _count(_where(called, 体裁="诗词")),
        "activities.works.essays_call": _count(_where(called, 体裁="征文")),
        "activities.online.lessons": _count(online),
        "activities.online.attendance": named + _sum(online, "其他参加人次"),
        "activities.reflections": _count(_where(works, 体裁="学习心得")),
        "activities.works.art": _count(row for row in free if row["体裁"] in ("诗词", "书法", "绘画")),
        "activities.healthcheck.batches": _count(sheets["体检批次"]),
        "activities.healthcheck.persons": _distinct(sheets["体检人员"], "干部编号"),
        "activities.vaccination.drives": _count(sheets.get("接种专场", [])),
        "activities.vaccination.days": _distinct(rosters, "专场编号", "日期"),
        "activities.vaccination.units": _distinct(rosters, "单位名称"),
        "activities.vaccination.attended": _sum(rosters, "到场人数"),
        "activities.vaccination.vaccinated": _sum(rosters, "接种人数"),
    }


def _outreach(sheets: Sheets, year: int) -> dict[str, Fraction]:
    visits = sheets["走访"]
    milestones = ("高龄寿辰", "光荣在党50年", "待遇变化")
    themed = [row for row in _where(visits, 走访类别="让爱来敲门") if row["事由"] in milestones]
    suggestions = sheets["意见建议"]
    resolved = _count(row for row in suggestions if row["办结日期"])
    return {
        "outreach.contact.coverage": _coverage(sheets, year),
        "outreach.milestone_visits.persons": _distinct(themed, "干部编号"),
        "outreach.five_visits.persons": _sum(_where(visits, 五必访="是"), "慰问人数"),
        "outreach.treatment_change_visits.persons": _distinct(
            _where(visits, 走访形式="家访", 事由="待遇变化"), "干部编号"
        ),
        "outreach.aid.persons": _distinct(_where(sheets["帮扶"], 审批结果="批准"), "干部编号"),
        "outreach.suggestions.received": _count(suggestions),
        "outreach.suggestions.resolved_rate": 100 * resolved / len(suggestions) if suggestions else Fraction(0),
    }


def _coverage(sheets: Sheets, year: int) -> Fraction:
    due = set()
    for row in sheets["干部"]:
        for month in range(1, 13):
            last = date(year, month, monthrange(year, month)[1])
            died = _day(row["去世日期"]) if row["去世日期"] else date.max
            if _day(row["登记日期"]) <= last < died:
                due.add((row["干部编号"], month))
    contacted = {(row["干部编号"], _day(row["联系日期"]).month) for row in sheets["每月联系"]}
    return Fraction(100 * len(due & contacted), len(due))


def _day(cell: object) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    raise TypeError("the oracle reads dates from date cells only")


def _where(rows: Iterable[Line], **wanted: str) -> list[Line]:
    return [row for row in rows if all(row[title] == value for title, value in wanted.items())]


def _count(rows: Iterable[Line]) -> Fraction:
    return Fraction(sum(1 for _ in rows))


def _distinct(rows: Iterable[Line], *titles: str) -> Fraction:
    return Fraction(len({tuple(row[title] for title in titles) for row in rows}))


def _sum(rows: Iterable[Line], title: str) -> Fraction:
    """Cells hold at most two decimals: what a binary float adds to them is rounded away."""
    return sum((Fraction(round(float(str(row[title] or 0)) * 100), 100) for row in rows), Fraction(0))


def main(arguments: list[str]) -> int:
    """`python -m demo.oracle FOLDER YEAR`: prints code,value with at most six decimals."""
    for code, value in figures(Path(arguments[0]), int(arguments[1])).items():
        print(f"{code},{float(value):.6f}".rstrip("0").rstrip("."))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
