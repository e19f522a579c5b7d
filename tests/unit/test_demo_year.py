"""The generated year: within the bounds of the printed report, readable, repeatable, and free of real people."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from demo.generate import WORKBOOKS, Year, make_year, plan_for, write_year
from demo.oracle import figures
from demo.people import make_people
from demo.plan_2022 import PLAN_2022
from hongxia import ids, installation
from hongxia.installation import Installation
from hongxia.workbook.read import read
from services.registry.cadres.particulars import resident_number_problem

ROOT = Path(__file__).parents[2]
BOUNDS = ROOT / "demo" / "indicators-2022.csv"
TODAY = date(2026, 1, 1)

OTHER_YEARS = [(2019, 1, "某市东山老干部局", None), (2024, 7, "另一区老干部局", 450), (2020, 3, "第三区老干部局", 300)]


@pytest.fixture(scope="module")
def year_2022() -> Year:
    return make_year(PLAN_2022, 2022)


@pytest.fixture(scope="module")
def folder_2022(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("2022")
    write_year(PLAN_2022, 2022, folder)
    return folder


def _bounds() -> Iterator[tuple[str, Fraction, Fraction]]:
    with BOUNDS.open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            yield row["code"], Fraction(row["low"]), Fraction(row["high"])


def test_every_figure_of_2022_lies_within_the_printed_bounds(folder_2022: Path) -> None:
    counted = figures(folder_2022, 2022)
    outside = {code: float(counted[code]) for code, low, high in _bounds() if not low <= counted[code] <= high}
    assert outside == {}
    assert len(counted) == 30


def test_the_readmes_give_the_figure_before_and_after_their_example(folder_2022: Path) -> None:
    before = figures(folder_2022, 2022)["outreach.five_visits.persons"]
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    people = json.loads(re.search(r"^```json\n(.*?)^```$", english, re.MULTILINE | re.DOTALL)[1])["data"]["people"]
    assert f"rises from {before} to {before + people}" in english
    assert f"由 {before} 变为 {before + people}" in chinese


def test_the_readmes_example_is_about_a_living_cadre_of_the_year(year_2022: Year) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    living = [row["cadre_no"] for row in year_2022["cadres"]["cadres"] if not row.get("deceased_on")]
    [(bureau, secret)] = re.findall(
        r'HONGXIA_BUREAU=(\S+) HONGXIA_SECRET="(.+)"', (ROOT / "demo/run").read_text("utf-8")
    )
    with installation.used(Installation(bureau, secret)):
        assert any(ids.entity_id("cadre", number) in text for number in living)


@pytest.mark.parametrize("workbook", WORKBOOKS, ids=lambda workbook: workbook.name)
def test_the_workbooks_of_2022_are_read_without_an_error_and_whole(workbook, folder_2022, year_2022) -> None:
    data = (folder_2022 / f"{workbook.title_zh}-2022.xlsx").read_bytes()
    parsed = read(data, workbook, today=TODAY)
    assert (parsed.year, parsed.unit) == (2022, PLAN_2022.unit)
    for sheet in workbook.sheets:
        empty = {column.field: column.default for column in sheet.columns if column.kept}
        for made, row in zip(year_2022[workbook.name][sheet.name], parsed.rows[sheet.name], strict=True):
            filled = {field: value for field, value in made.items() if value is not None and field in empty}
            assert row.values == {**empty, **filled}


def test_the_same_seed_gives_the_same_files_and_another_one_others(tmp_path: Path) -> None:
    plan = plan_for(2019, 5, "某局", 300)
    first, again = (write_year(plan, 5, tmp_path / name) for name in ("a", "b"))
    other = write_year(plan, 6, tmp_path / "c")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert first[0].read_bytes() != other[0].read_bytes()


@pytest.mark.parametrize(("year", "seed", "unit", "cadres"), OTHER_YEARS)
def test_a_year_drawn_from_a_seed_is_read_without_an_error(year, seed, unit, cadres, tmp_path: Path) -> None:
    paths = write_year(plan_for(year, seed, unit, cadres), seed, tmp_path)
    for path, workbook in zip(paths, WORKBOOKS, strict=True):
        assert read(path.read_bytes(), workbook, today=TODAY).unit == unit
    assert len(figures(tmp_path, year)) == 30


def test_naive_counting_would_be_wrong_on_purpose(year_2022: Year) -> None:
    sessions = year_2022["activities"]["sessions"]
    vouchers = year_2022["budget"]["expenditures"]
    lines = year_2022["budget"]["budget_lines"]
    assert Counter(row["state"] for row in sessions)["cancelled"] == 7
    assert sum(row["reverses_no"] is not None for row in vouchers) == 4
    assert sum(int(row["initial_fen"]) for row in lines) != 180_390_000
    cases = [row for row in year_2022["outreach"]["aid_cases"] if row["outcome"] == "approved"]
    assert len(cases) == len({row["cadre_id"] for row in cases}) == 22
    checked = year_2022["activities"]["health_check_persons"]
    assert len(checked) > len({row["cadre_id"] for row in checked})


@pytest.mark.parametrize(("year", "seed", "unit", "cadres"), [(2022, 2022, None, None), *OTHER_YEARS])
def test_no_line_is_ever_overspent_and_aid_finds_its_money(year, seed, unit, cadres) -> None:
    made = make_year(plan_for(year, seed, unit, cadres), seed)
    budget = made["budget"]
    moves = [(row["adjusted_on"], 0, row["line_no"], row["amount_fen"]) for row in budget["adjustments"]]
    for row in budget["expenditures"]:
        sign = 1 if row["reverses_no"] else -1
        moves.append((row["spent_on"], 1, row["line_no"], sign * row["amount_fen"]))
    aid_line = next(row["line_no"] for row in budget["budget_lines"] if row["pays_aid"])
    for row in made["outreach"]["aid_cases"]:
        if row["outcome"] == "approved":
            moves.append((row["pay_on"] or row["reviewed_on"], 1, aid_line, -row["amount_fen"]))
    balances = {row["line_no"]: row["initial_fen"] for row in budget["budget_lines"]}
    for on, _, line_no, amount in sorted(moves):
        balances[line_no] += amount
        assert balances[line_no] >= 0, (on, line_no)


def test_nothing_happens_to_a_cadre_before_registration_or_after_death(year_2022: Year) -> None:
    people = {person.cadre_no: person for person in make_people(PLAN_2022, 2022)}
    days = {row["session_no"]: row["held_on"] for row in year_2022["activities"]["sessions"]}
    days |= {row["batch_no"]: row["held_on"] for row in year_2022["activities"]["health_checks"]}
    events = [(row["cadre_id"], row["contacted_on"]) for row in year_2022["outreach"]["contacts"]]
    events += [
        (row["cadre_id"], row["visited_on"]) for row in year_2022["outreach"]["visits"] if row["occasion"] != "death"
    ]
    events += [(row["cadre_id"], days[row["session_no"]]) for row in year_2022["activities"]["attendances"]]
    events += [(row["cadre_id"], days[row["batch_no"]]) for row in year_2022["activities"]["health_check_persons"]]
    assert all(people[cadre_no].served_on(on) for cadre_no, on in events)
    assert len(year_2022["outreach"]["contacts"]) > 12_000


def test_the_year_has_the_edges_at_which_months_are_miscounted() -> None:
    people = make_people(PLAN_2022, 2022)
    assert len(people) >= 1_000
    assert any(person.registered_on == date(2022, 6, 30) for person in people)
    assert any(person.deceased_on == date(2022, 8, 31) for person in people)
    assert sum(person.deceased_on is not None and person.deceased_on.year == 2022 for person in people) == 21
    assert sum(person.deceased_on is not None and person.deceased_on.year < 2022 for person in people) == 9


def test_resident_numbers_look_right_and_can_not_exist() -> None:
    numbers = [str(person.row["resident_number"]) for person in make_people(PLAN_2022, 2022)]
    assert len(set(numbers)) == len(numbers)
    assert {resident_number_problem(number) for number in numbers} == {None}
    assert {number[:2] for number in numbers} == {"99"}


@pytest.mark.parametrize(
    "name",
    [
        "红霞生辉——荔湾老干部大学堂",
        "党的十九届六中全会精神",
        "省第十三次党代会精神",
        "国防教育专题宣讲",
        "我看中国特色社会主义新时代",
        "建言党的二十大",
        "新春送福 喜迎冬奥",
        "永庆坊社区",
        "百场粤剧精品进粤博",
        "广福台",
        "大美荔湾",
        "喜迎党的二十大 银映红棉出新彩——大美荔湾·走进古村落",
        "春季“开学第一课”",
        "秋季“开学第一课”",
        "喜迎二十大诗词征文",
        "小张说法",
        "家庭病床",
        "有呼必应、红霞生辉",
    ],
)
def test_what_the_report_names_is_in_the_workbooks_by_its_name(name: str, year_2022: Year) -> None:
    texts = (
        str(value)
        for sheets in year_2022.values()
        for records in sheets.values()
        for record in records
        for value in record.values()
    )
    assert any(name in text for text in texts)
