"""The workbook 干部名册 put into the registry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hongxia.definition import Loaded, NotLoadable
from hongxia.workbook.declare import Row
from services.registry import amendments, deaths, history, loading, merging, registration
from services.registry.history import Change
from services.registry.models import Aspect, Cadre
from tests.unit.registry_builders import TODAY, empty_registry, kinds, particulars, registered, resident_number, told


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def values(cadre_no: str = "G0001", **different: Any) -> dict[str, Any]:
    """A row's values, by the workbook's own names."""
    found = {"cadre_no": cadre_no, **particulars(), "deceased_on": None, **different}
    found["special_hardship"] = found.pop("hardship")
    return found


def load(session: Session, *rows: dict[str, Any]) -> Loaded:
    """Load rows; they are numbered from 2."""
    numbered = [Row(number, row) for number, row in enumerate(rows, start=2)]
    return loading.load(session, 2022, {"cadres": numbered}, TODAY)["cadres"]


def findings(session: Session, *rows: dict[str, Any]) -> list[tuple[int, str, str]]:
    """What is found wrong with rows."""
    with pytest.raises(NotLoadable) as refused:
        load(session, *rows)
    return [(finding.row, finding.field, finding.message_zh) for finding in refused.value.findings]


def test_a_row_registers_a_cadre_just_as_the_api_does(session: Session) -> None:
    assert load(session, values("G0001", hardship=True)) == Loaded(1, 0)
    by_row = session.get_one(Cadre, registration.cadre_id("G0001"))
    by_api = registered(session, "G0002", resident_number=resident_number(serial=2), hardship=True)
    first, second = told(session)
    assert first["data"] == second["data"]
    assert [(entry.aspect, entry.value, entry.from_on) for entry in history.of(session, by_row.id)] == [
        (entry.aspect, entry.value, entry.from_on) for entry in history.of(session, by_api.id)
    ]


def test_a_row_with_a_date_of_death_registers_and_then_records_the_death(session: Session) -> None:
    load(session, values(deceased_on=date(2022, 8, 9)))
    assert [(event["type"].split(".")[3], event["entityversion"], event["occurredon"]) for event in told(session)] == [
        ("registered", 1, "2012-05-01"),
        ("deceased", 2, "2022-08-09"),
    ]


def test_the_same_file_again_changes_nothing(session: Session) -> None:
    rows = [values("G0001"), values("G0002", resident_number=resident_number(serial=2), deceased_on=date(2022, 8, 9))]
    load(session, *rows)
    before = told(session)
    assert load(session, *rows) == Loaded(0, 2)
    assert told(session) == before


def test_the_same_file_changes_nothing_after_the_record_has_moved_on(session: Session) -> None:
    load(session, values())
    cadre = session.get_one(Cadre, registration.cadre_id("G0001"))
    history.change(session, cadre, Change(Aspect.TREATMENT, "131", date(2022, 6, 1)), TODAY)
    amendments.amend(session, cadre, {"street": "沙湾街道"}, TODAY, TODAY)
    assert load(session, values()) == Loaded(0, 1)
    assert (cadre.treatment, cadre.street) == ("131", "沙湾街道")


def test_a_file_that_says_what_the_record_says_by_now_changes_nothing(session: Session) -> None:
    load(session, values())
    cadre = session.get_one(Cadre, registration.cadre_id("G0001"))
    amendments.amend(session, cadre, {"street": "沙湾街道"}, TODAY, TODAY)
    assert load(session, values(street="沙湾街道")) == Loaded(0, 1)


def test_a_date_of_death_that_is_new_in_the_next_file_is_the_death_of_that_cadre(session: Session) -> None:
    load(session, values())
    cadre = session.get_one(Cadre, registration.cadre_id("G0001"))
    amendments.amend(session, cadre, {"street": "沙湾街道"}, TODAY, TODAY)
    assert load(session, values(deceased_on=date(2022, 8, 9))) == Loaded(1, 0)
    assert (cadre.status, cadre.deceased_on, cadre.street) == ("deceased", date(2022, 8, 9), "沙湾街道")
    assert kinds(session) == ["registered", "amended", "deceased"]
    assert load(session, values(deceased_on=date(2022, 8, 9))) == Loaded(0, 1)
    assert load(session, values()) == Loaded(0, 1), "the file that registered the cadre still changes nothing"
    assert kinds(session) == ["registered", "amended", "deceased"]


def test_a_death_that_was_recorded_by_hand_is_no_news_and_another_date_is_a_finding(session: Session) -> None:
    load(session, values())
    deaths.record(session, session.get_one(Cadre, registration.cadre_id("G0001")), date(2022, 8, 9), TODAY)
    assert load(session, values(deceased_on=date(2022, 8, 9))) == Loaded(0, 1)
    assert findings(session, values(deceased_on=date(2022, 8, 10)))[0][:2] == (2, "deceased_on")


def test_a_death_with_any_other_change_or_before_the_registration_is_a_finding(session: Session) -> None:
    load(session, values())
    changed = values(street="沙湾街道", deceased_on=date(2022, 8, 9))
    assert findings(session, changed) == [(2, "", loading.CHANGED)]
    too_early = values(deceased_on=date(2012, 4, 30))
    assert findings(session, too_early) == [(2, "deceased_on", "去世日期早于登记日期")]


def test_a_known_number_with_other_content_is_a_finding(session: Session) -> None:
    load(session, values())
    assert findings(session, values(street="沙湾街道")) == [(2, "", loading.CHANGED)]


def test_a_resident_number_belongs_to_one_cadre_in_the_file_and_in_the_records(session: Session) -> None:
    load(session, values("G0001"))
    number = resident_number("19540101", 28)
    assert number.endswith("X")
    rows = [
        values("G0002"),
        values("G0003", resident_number=number),
        values("G0004", resident_number=number.lower()),
    ]
    assert findings(session, *rows) == [
        (2, "resident_number", loading.TAKEN),
        (4, "resident_number", loading.DOUBLE.format(3)),
    ]


def test_a_file_with_a_fault_registers_nobody_and_every_fault_is_found(session: Session) -> None:
    rows = [
        values("G0001"),
        values("G0002", resident_number=resident_number(serial=2), deceased_on=date(2012, 4, 30)),
        values("G0003", resident_number=resident_number(serial=3), registered_on=date(1949, 1, 1)),
    ]
    assert findings(session, *rows) == [
        (3, "deceased_on", "去世日期早于登记日期"),
        (4, "registered_on", "登记日期早于身份证号中的出生日期"),
        (4, "registered_on", "登记日期早于1949年10月1日"),
    ]


def test_no_finding_repeats_personal_data(session: Session) -> None:
    load(session, values("G0001"))
    text = str(findings(session, values("G0002"), values("G0001", street="沙湾街道")))
    assert not [secret for secret in ("林晓霞", resident_number(), "19500301") if secret in text]


def test_numbers_in_a_file_are_not_given_again(session: Session) -> None:
    load(session, values("G0041"))
    assert registered(session, resident_number=resident_number(serial=2)).cadre_no == "G0042"


def test_a_row_of_a_record_that_was_merged_changes_nothing(session: Session) -> None:
    rows = [values("G0001"), values("G0002", resident_number=resident_number(serial=2))]
    load(session, *rows)
    first, second = (session.get_one(Cadre, registration.cadre_id(number)) for number in ("G0001", "G0002"))
    merging.merge(session, second, first, TODAY)
    assert load(session, *rows) == Loaded(0, 2)
    assert kinds(session) == ["registered", "registered", "merged"]
