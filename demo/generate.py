"""`python -m demo.generate`: writes the workbooks of a fictitious bureau's year.

The year 2022 with its default unit is that of the printed report; another year is drawn from the seed.
The same arguments give the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.budget import make_budget
from demo.care import Record, make_care
from demo.chance import chance
from demo.learning import make_learning
from demo.people import make_people
from demo.plan import Plan, any_plan
from demo.plan_2022 import PLAN_2022
from hongxia.dates import day_of, system_clock
from hongxia.workbook.declare import Workbook
from hongxia.workbook.write import write
from services.activities.workbook import ACTIVITIES
from services.finance.workbook import BUDGET
from services.outreach.workbook import OUTREACH
from services.registry.workbook import CADRES

Year = Mapping[str, Mapping[str, Sequence[Record]]]

WORKBOOKS: tuple[Workbook, ...] = (CADRES, BUDGET, OUTREACH, ACTIVITIES)


def plan_for(year: int, seed: int, unit: str | None = None, cadres: int | None = None) -> Plan:
    """The plan of the printed report for its year; one drawn from the seed for any other year or unit."""
    if year == PLAN_2022.year and unit in (None, PLAN_2022.unit) and cadres is None:
        return PLAN_2022
    return any_plan(year, unit or f"{year}年某区委老干部局", chance(seed, "plan"), cadres or 1_000)


def make_year(plan: Plan, seed: int) -> Year:
    """All rows of the year: workbook name → sheet name → records by field."""
    people = make_people(plan, seed)
    return {
        CADRES.name: {"cadres": [person.row for person in people]},
        BUDGET.name: make_budget(plan, seed),
        OUTREACH.name: make_care(plan, seed, people),
        ACTIVITIES.name: make_learning(plan, seed, people),
    }


def write_year(plan: Plan, seed: int, out: Path) -> list[Path]:
    """Writes the workbooks into a folder, which is made if need be; returns their paths."""
    rows = make_year(plan, seed)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for workbook in WORKBOOKS:
        path = out / f"{workbook.title_zh}-{plan.year}.xlsx"
        path.write_bytes(write(workbook, plan.year, plan.unit, rows[workbook.name]))
        paths.append(path)
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo.generate", description="生成虚构单位一年的工作簿")
    parser.add_argument("--year", type=int, default=2022, help="年度（2022 为自评报告所载的一年，其他年度随机生成）")
    parser.add_argument("--seed", type=int, default=2022, help="随机种子，相同则文件相同")
    parser.add_argument("--unit", help="单位名称")
    parser.add_argument("--cadres", type=int, help="干部人数，不少于300")
    parser.add_argument("--out", type=Path, default=Path("build/demo/workbooks"), help="输出目录")
    options = parser.parse_args(arguments)
    if not 1990 <= options.year < day_of(system_clock()).year:
        parser.error("年度应在1990年至去年之间")
    if options.cadres is not None and options.cadres < 300:
        parser.error("干部人数不少于300")
    plan = plan_for(options.year, options.seed, options.unit, options.cadres)
    for path in write_year(plan, options.seed, options.out):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
