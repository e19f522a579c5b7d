"""The register imported again: what the file says now, what it said before, and what the system says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import permutations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.workbook.importing import DryRun, parse
from hongxia.workbook.reconcile import Unconfirmed, rows_as_text
from hongxia.workbook.write import write
from services.registry.cadres import rules
from services.registry.cadres.model import Cadre
from services.registry.deaths import rules as deaths
from services.registry.lists.declared import UNITS
from services.registry.workbook import CADRES, IMPORTABLE
from tests.unit.registry_builders import (
    OTHER_STREET,
    OTHER_UNIT,
    TODAY,
    bare_registry,
    cadre,
    context,
    counts,
    empty_registry,
    findings,
    imported,
    kinds,
    new_database,
    published,
    registered,
    resident_number,
    row,
)

AUGUST = date(2022, 8, 9)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def rows_of(count: int, **different: object) -> list[dict[str, object]]:
    """Rows of as many cadres, born on different days."""
    return [
        row(
            f"G{n:04}",
            resident_number=resident_number(f"19{30 + n // 300:02}{n % 12 + 1:02}{n % 25 + 1:02}", n % 900 + 1),
            **different,
        )
        for n in range(1, count + 1)
    ]


def test_a_death_withdrawn_in_the_system_stays_withdrawn_when_the_same_file_comes_again(session: Session) -> None:
    imported(session, row(deceased_on=AUGUST))
    deaths.withdraw(session, cadre(session), "wrong-subject", TODAY)
    plan = imported(session, row(deceased_on=AUGUST))
    assert (counts(plan), plan.digest) == ((0, 1, 0, 0), "")
    assert (cadre(session).state, kinds(session)) == ("living", ["registered", "deceased", "death-withdrawn"])


def test_particulars_amended_in_the_system_stay_when_the_same_file_comes_again(session: Session) -> None:
    imported(session, row())
    rules.amend(session, cadre(session), {"name": "林晓云", "street": OTHER_STREET}, "correction", TODAY)
    assert counts(imported(session, row())) == (0, 1, 0, 0)
    assert (cadre(session).name, cadre(session).street) == ("林晓云", OTHER_STREET)


def test_units_renamed_in_600_rows_are_600_changes_of_one_column_and_one_confirmation_applies_them() -> None:
    database = new_database()
    before = rows_of(620)
    after = [{**each, "unit": "区教育和体育局"} if n < 600 else each for n, each in enumerate(before)]
    first, second = (write(CADRES, 2022, "某区委老干部局", {"cadres": each}) for each in (before, after))
    with database.begin(context()) as session:
        parse(first, IMPORTABLE, TODAY, lambda: None).load(session, TODAY, dry_run=False)
    parsed = parse(second, IMPORTABLE, TODAY, lambda: None)
    with pytest.raises(DryRun) as dry, database.begin(context()) as session:
        parsed.load(session, TODAY, dry_run=True)
    plan = dry.value.plan
    assert {(change.column, change.before, change.after) for change in plan.changes} == {
        ("原单位", "区教育局", "区教育和体育局")
    }
    assert (len(plan.changes), counts(plan), plan.labels) == (600, (0, 20, 0, 600), [("原单位", "区教育和体育局")])
    with pytest.raises(Unconfirmed), database.begin(context()) as session:
        parsed.load(session, TODAY, dry_run=False)
    with database.read() as session:
        assert len(set(session.scalars(select(Cadre.unit)))) == 1
    with database.begin(context()) as session:
        parsed.load(session, TODAY, dry_run=False, confirmed=plan.digest)
        amended = [event for event in published(session) if event["type"].split(".")[3] == "amended"]
    assert len(amended) == 600
    assert {(tuple(event["data"]["changed"]), event["data"]["reason"]) for event in amended} == {
        (("unit",), "workbook")
    }
    with database.begin(context()) as session:
        assert counts(parsed.load(session, TODAY, dry_run=False)) == (0, 620, 0, 0)
    database.close()


def test_what_changed_in_the_row_and_in_the_system_is_a_conflict_with_both_values_and_who(session: Session) -> None:
    imported(session, row())
    rules.amend(session, cadre(session), {"street": OTHER_STREET}, "correction", TODAY)
    session.flush()
    (found,) = findings(session, row(street="云亭街道"))
    assert found[:2] == (2, "street")
    for word in ("云亭街道", "沙湾街道", "somebody"):
        assert word in found[2]


@pytest.mark.parametrize(
    ("column", "in_file", "in_system"),
    [
        ("name", "林小霞", "林晓云"),
        ("resident_number", resident_number(serial=7), resident_number(serial=8)),
    ],
)
def test_names_and_resident_numbers_in_conflict_are_not_shown(
    session: Session, column: str, in_file: str, in_system: str
) -> None:
    imported(session, row())
    rules.amend(session, cadre(session), {column: in_system}, "correction", TODAY)
    (found,) = findings(session, row(**{column: in_file}))
    assert found[:2] == (2, column)
    assert in_file not in found[2] and in_system not in found[2] and "somebody" in found[2]


def test_a_changed_name_is_in_the_plan_without_its_values(session: Session) -> None:
    imported(session, row())
    plan = imported(session, row(name="林小霞"))
    (line,) = rows_as_text(plan)
    assert "“姓名”" in line and "林" not in line
    assert cadre(session).name == "林小霞"


def test_rows_gone_from_the_file_are_listed_and_their_records_stay(session: Session) -> None:
    rows = rows_of(3)
    imported(session, *rows)
    plan = imported(session, *rows[1:])
    assert plan.missing == [("干部", "G0001")]
    assert (plan.digest, cadre(session).state) == ("", "living")


def test_the_same_file_in_two_parts_misses_no_rows(session: Session) -> None:
    rows = rows_of(4)
    assert imported(session, *rows[:2]).missing == []
    assert imported(session, *rows[2:]).missing == []
    assert imported(session, *rows[:2]).missing == []


def test_a_register_imported_again_after_later_deaths_changes_nothing(session: Session) -> None:
    rows = rows_of(3)
    imported(session, *rows, year=2021)
    later = [rows[0], {**rows[1], "deceased_on": AUGUST}, rows[2]]
    plan = imported(session, *later, year=2022)
    assert (counts(plan), plan.digest) == ((0, 2, 1, 0), "")
    before = published(session)
    assert counts(imported(session, *rows, year=2021)) == (0, 3, 0, 0)
    assert published(session) == before


def test_next_year_s_register_is_compared_with_this_year_s(session: Session) -> None:
    imported(session, row(), year=2021)
    plan = imported(session, row(street="沙湾街道"), year=2022)
    assert [(change.column, change.before, change.after) for change in plan.changes] == [
        ("街道", "石桥街道", "沙湾街道")
    ]
    rules.amend(session, cadre(session), {"treatment": "121"}, "correction", TODAY)
    (found,) = findings(session, row(street="沙湾街道", treatment="131"), year=2023)
    assert found[:2] == (2, "treatment")


def test_an_earlier_year_s_register_that_comes_late_changes_nothing_and_adds_who_is_missing(session: Session) -> None:
    imported(session, row(deceased_on=AUGUST), year=2022)
    early = [row(street="沙湾街道"), row("G0002", resident_number=resident_number("19400301"))]
    plan = imported(session, *early, year=2021)
    assert (counts(plan), plan.digest) == ((1, 1, 0, 0), "")
    assert cadre(session).deceased_on == AUGUST


@pytest.mark.parametrize("order", list(permutations((2020, 2021, 2022))))
def test_registers_of_three_years_make_the_same_cadres_in_any_order(session: Session, order: tuple[int, ...]) -> None:
    rows = rows_of(3)
    years = {
        2020: [rows[0], rows[1]],
        2021: [{**rows[0], "street": "沙湾街道", "unit": "区档案馆"}, {**rows[1], "deceased_on": date(2021, 5, 5)}],
        2022: [{**rows[0], "street": "沙湾街道", "treatment": "131", "unit": "区民政局"}, rows[2]],
    }
    for year in order:
        imported(session, *years[year], year=year)
    found = {
        c.cadre_no: (c.street == OTHER_STREET, c.unit == OTHER_UNIT, c.treatment, c.state)
        for c in session.scalars(select(Cadre))
    }
    assert found == {
        "G0001": (True, True, "131", "living"),
        "G0002": (False, False, "132", "deceased"),
        "G0003": (False, False, "132", "living"),
    }


def test_a_corrected_date_of_death_in_the_file_is_a_change_and_an_emptied_cell_withdraws_it(session: Session) -> None:
    imported(session, row(deceased_on=AUGUST))
    plan = imported(session, row(deceased_on=date(2022, 8, 10)))
    assert [(change.before, change.after) for change in plan.changes] == [("2022-08-09", "2022-08-10")]
    plan = imported(session, row())
    assert [(change.column, change.after) for change in plan.changes] == [("去世日期", "空")]
    assert kinds(session) == ["registered", "deceased", "amended", "death-withdrawn"]


def test_what_the_system_changed_beside_a_changed_cell_stays_guarded(session: Session) -> None:
    imported(session, row())
    rules.amend(session, cadre(session), {"street": OTHER_STREET}, "correction", TODAY)
    imported(session, row(treatment="131"))
    assert (cadre(session).street, cadre(session).treatment) == (OTHER_STREET, "131")
    (found,) = findings(session, row(treatment="131", street="云亭街道"))
    assert found[:2] == (2, "street")


def test_a_cadre_registered_by_the_api_meets_a_row_that_says_the_same_or_a_conflict(session: Session) -> None:
    registered(session, "G0001")
    assert counts(imported(session, row())) == (0, 1, 0, 0)
    registered(session, "G0002", resident_number=resident_number("19400301"))
    (found,) = findings(session, row("G0002", resident_number=resident_number("19400301"), unit="区民政局"))
    assert found[:2] == (2, "unit")
    assert "区民政局" in found[2] and "区教育局" in found[2]


def test_a_unit_renamed_in_the_list_is_no_change_of_any_row(session: Session) -> None:
    rows = rows_of(3)
    imported(session, *rows)
    unit = session.scalars(select(UNITS.model).where(UNITS.model.label == "区教育局")).one()
    UNITS.rename(session, unit, "区教育和体育局", "correction", TODAY)
    for label in ("区教育局", "区教育和体育局"):
        plan = imported(session, *({**each, "unit": label} for each in rows))
        assert (counts(plan), plan.digest) == ((0, 3, 0, 0), "")


def test_labels_of_a_first_import_need_no_confirmation_and_later_ones_do() -> None:
    with bare_registry() as session:
        assert imported(session, *rows_of(2)).digest == ""
        plan = imported(
            session, *rows_of(2), row("G0009", street="榕荫街道", resident_number=resident_number("19260101"))
        )
        assert (plan.labels, bool(plan.digest)) == ([("街道", "榕荫街道")], True)
