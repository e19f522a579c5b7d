"""The workbook 干部名册 put into the registry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session

from services.registry.cadres import rules
from services.registry.changes import rules as changes
from services.registry.changes.history import history_of
from services.registry.changes.rules import New
from services.registry.deaths import rules as deaths
from services.registry.lists.declared import LISTS, UNITS
from services.registry.merges import rules as merges
from tests.unit.registry_builders import (
    OTHER_STREET,
    TODAY,
    bare_registry,
    cadre,
    counts,
    empty_registry,
    findings,
    imported,
    kinds,
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


def test_a_row_registers_a_cadre_just_as_the_api_does(session: Session) -> None:
    assert counts(imported(session, row("G0001", hardship=True))) == (1, 0, 0, 0)
    by_row = cadre(session)
    by_api = registered(session, "G0002", resident_number=resident_number(serial=2), hardship=True)
    first, second = published(session)
    assert first["data"] == second["data"]
    assert [(entry.aspect, entry.value, entry.from_on) for entry in history_of(session, by_row.id).changes] == [
        (entry.aspect, entry.value, entry.from_on) for entry in history_of(session, by_api.id).changes
    ]


def test_a_row_with_a_date_of_death_registers_and_then_records_the_death(session: Session) -> None:
    imported(session, row(deceased_on=AUGUST))
    found = [(event["type"].split(".")[3], event["entityversion"], event["occurredon"]) for event in published(session)]
    assert found == [("registered", 1, "2012-05-01"), ("deceased", 2, "2022-08-09")]


def test_the_same_file_again_changes_nothing(session: Session) -> None:
    rows = [row("G0001"), row("G0002", resident_number=resident_number("19400301"), deceased_on=AUGUST)]
    imported(session, *rows)
    before = published(session)
    plan = imported(session, *rows)
    assert (counts(plan), plan.digest, published(session)) == ((0, 2, 0, 0), "", before)


def test_the_same_file_changes_nothing_after_the_record_has_moved_on(session: Session) -> None:
    imported(session, row())
    changes.record(session, cadre(session), New("treatment", "131", date(2022, 6, 1)), TODAY)
    rules.amend(session, cadre(session), {"street": OTHER_STREET}, "correction", TODAY)
    assert counts(imported(session, row())) == (0, 1, 0, 0)
    assert (cadre(session).treatment, cadre(session).street) == ("131", OTHER_STREET)


def test_a_file_that_says_what_the_record_says_by_now_changes_nothing(session: Session) -> None:
    imported(session, row())
    rules.amend(session, cadre(session), {"street": OTHER_STREET}, "correction", TODAY)
    assert counts(imported(session, row(street="沙湾街道"))) == (0, 1, 0, 0)


def test_a_date_of_death_that_is_new_in_the_file_is_the_death_of_that_cadre(session: Session) -> None:
    imported(session, row())
    rules.amend(session, cadre(session), {"street": OTHER_STREET}, "correction", TODAY)
    plan = imported(session, row(deceased_on=AUGUST))
    assert (counts(plan), plan.digest) == ((0, 0, 1, 0), "")
    found = cadre(session)
    assert (found.state, found.deceased_on, found.street) == ("deceased", AUGUST, OTHER_STREET)
    assert counts(imported(session, row(deceased_on=AUGUST))) == (0, 1, 0, 0)
    assert kinds(session) == ["registered", "amended", "deceased"]


def test_a_death_that_was_recorded_by_hand_is_no_news_and_another_date_is_a_conflict(session: Session) -> None:
    imported(session, row())
    deaths.record(session, cadre(session), AUGUST, TODAY)
    assert counts(imported(session, row(deceased_on=AUGUST))) == (0, 1, 0, 0)
    imported(session, row("G0002", resident_number=resident_number("19400301")))
    deaths.record(session, cadre(session, "G0002"), AUGUST, TODAY)
    changed = row("G0002", resident_number=resident_number("19400301"), deceased_on=date(2022, 8, 10))
    (found,) = findings(session, changed)
    assert found[:2] == (2, "deceased_on")
    assert "2022-08-10" in found[2] and "2022-08-09" in found[2] and "somebody" in found[2]


def test_a_death_before_the_registration_is_a_finding(session: Session) -> None:
    imported(session, row())
    (found,) = findings(session, row(deceased_on=date(2012, 4, 30)))
    assert found == (2, "deceased_on", "去世日期 2012-04-30 早于登记日期 2012-05-01，请更正其中一个")


def test_a_resident_number_belongs_to_one_cadre_in_the_file_and_in_the_records(session: Session) -> None:
    imported(session, row("G0001"))
    number = resident_number("19540101", 28)
    assert number.endswith("X")
    rows = [row("G0002"), row("G0003", resident_number=number), row("G0004", resident_number=number.lower())]
    first, second = findings(session, *rows)
    assert first[:2] == (2, "resident_number")
    assert second == (4, "resident_number", "与第3行重复（身份证号）")


def test_a_file_with_a_fault_registers_nobody_and_every_fault_is_found(session: Session) -> None:
    rows = [
        row("G0001"),
        row("G0002", resident_number=resident_number(serial=2), deceased_on=date(2012, 4, 30)),
        row("G0003", resident_number=resident_number(serial=3), registered_on=date(1949, 1, 1)),
    ]
    assert [found[:2] for found in findings(session, *rows)] == [
        (3, "deceased_on"),
        (4, "registered_on"),
        (4, "registered_on"),
    ]


def test_no_finding_repeats_personal_data(session: Session) -> None:
    imported(session, row("G0001"))
    rules.amend(session, cadre(session), {"name": "林晓云"}, "correction", TODAY)
    text = str(findings(session, row("G0002"), row("G0001", name="林小霞")))
    assert not [secret for secret in ("林晓", "林小", resident_number(), "19500301") if secret in text]


def test_numbers_in_a_file_are_not_given_again(session: Session) -> None:
    imported(session, row("G0041"))
    assert registered(session, resident_number=resident_number(serial=2)).cadre_no == "G0042"


def test_a_row_of_a_record_that_was_merged_changes_nothing(session: Session) -> None:
    rows = [row("G0001"), row("G0002", resident_number=resident_number(serial=2))]
    imported(session, *rows)
    merges.merge(session, cadre(session, "G0002"), cadre(session), TODAY)
    assert counts(imported(session, *rows)) == (0, 2, 0, 0)
    assert kinds(session) == ["registered", "registered", "merged"]


def test_a_first_import_fills_empty_lists_without_asking(session: Session) -> None:
    with bare_registry() as bare:
        plan = imported(bare, row(), row("G0002", unit="区档案馆", resident_number=resident_number("19400301")))
        assert (plan.labels, plan.digest) == ([], "")
        assert sorted(LISTS["unit"].labels(bare).values()) == ["区教育局", "区档案馆"]
        assert kinds(bare).count("listed") == 4


def test_a_label_that_a_list_lacks_is_in_the_plan_once_and_added(session: Session) -> None:
    numbers = [resident_number(born) for born in ("19400301", "19410301")]
    plan = imported(session, *(row(f"G000{n}", unit="区档案馆", resident_number=r) for n, r in enumerate(numbers)))
    assert (plan.labels, bool(plan.digest)) == ([("原单位", "区档案馆")], True)
    assert cadre(session, "G0000").unit == UNITS.codes(session, ["区档案馆"])["区档案馆"]


def test_the_first_label_of_a_renamed_entry_still_names_it(session: Session) -> None:
    imported(session, row())
    unit = session.query(UNITS.model).filter_by(label="区教育局").one()
    UNITS.rename(session, unit, "区教育和体育局", "correction", TODAY)
    again = [row(), row("G0002", resident_number=resident_number("19400301"))]
    plan = imported(session, *again)
    assert (counts(plan), plan.labels) == ((1, 1, 0, 0), [])
    assert cadre(session, "G0002").unit == unit.code


def test_an_entry_out_of_use_is_refused_by_name(session: Session) -> None:
    UNITS.retire(session, session.query(UNITS.model).filter_by(label="区教育局").one(), TODAY)
    (found,) = findings(session, row())
    assert found[:2] == (2, "unit") and "“区教育局”已停用" in found[2]
