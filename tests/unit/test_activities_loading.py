"""The workbook 活动学习: what its rows make, that a second import changes nothing, and every row that can't be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.event import listen

from hongxia.database import Database
from hongxia.definition import Loaded, NotLoadable
from hongxia.ids import entity_id
from services.activities.loading import CHANGED
from tests.unit.activities_builders import LIN, Api, add_cadres, events, load, new_database, types

DAY = date(2022, 5, 10)


@pytest.fixture
def database() -> Database:
    database = new_database()
    add_cadres(database, "G0001", "G0002")
    add_cadres(database, "G0003", deceased_on=date(2022, 5, 1))
    return database


def session_row(number: str = "CC-1", **changes: Any) -> dict[str, Any]:
    row = {"session_no": number, "title": "第一讲", "programme": "online", "held_on": DAY, "host": "centre"}
    return {**row, "state": "held", **changes}


def a_year() -> dict[str, list[dict[str, Any]]]:
    return {
        "sessions": [session_row(), session_row("CC-2", state="cancelled"), session_row("CC-3", others_count=7)],
        "attendances": [
            {"session_no": "CC-3", "cadre_id": "G0002"},
            {"session_no": "CC-1", "cadre_id": "G0002"},
            {"session_no": "CC-1", "cadre_id": "G0001"},
        ],
        "works": [
            {"work_no": "ZP-1", "cadre_id": "G0001", "genre": "poem", "collected_on": DAY, "call": "喜迎二十大"},
            {"work_no": "ZP-2", "genre": "painting", "collected_on": DAY, "title": "红棉报春"},
        ],
        "health_checks": [{"batch_no": "TJ-01", "held_on": DAY, "hospital": "区中心医院"}],
        "health_check_persons": [{"batch_no": "TJ-01", "cadre_id": "G0001"}],
        "vaccination_drives": [{"drive_no": "JZ-1", "title": "第一次"}, {"drive_no": "JZ-2", "title": "第二次"}],
        "vaccination_rosters": [roster_row(date(2022, 4, 13)), roster_row(date(2022, 4, 12))],
    }


def roster_row(on: date, **changes: Any) -> dict[str, Any]:
    return {"drive_no": "JZ-1", "held_on": on, "unit_name": "区教育局", "attended": 12, "vaccinated": 6, **changes}


def findings(database: Database, **sheets: list[dict[str, Any]]) -> list[tuple[str, int, str, str]]:
    with pytest.raises(NotLoadable) as refused:
        load(database, **sheets)
    return [(found.sheet, found.row, found.field, found.message_zh) for found in refused.value.findings]


def test_rows_become_events_sheet_by_sheet_in_their_order(database: Database) -> None:
    loaded = load(database, **a_year())
    assert loaded["sessions"] == Loaded(3, 0)
    assert loaded["vaccination_rosters"] == Loaded(2, 0)
    assert types(database) == [
        "session.held",
        "session.cancelled",
        "session.held",
        *["attendance.recorded"] * 3,
        *["work.collected"] * 2,
        "health-check.held",
        "check.recorded",
        *["drive.held"] * 2,
        *["roster.recorded"] * 2,
    ]
    ids_in_order = [event["data"]["session_id"] for name, event in events(database) if name == "attendance.recorded"]
    numbers = ("CC-3", "CC-1", "CC-1")
    assert ids_in_order == [entity_id("session", 2022, number) for number in numbers]


def test_attendance_is_on_the_day_of_its_session(database: Database) -> None:
    load(database, **a_year())
    days = {
        event["occurredon"] for name, event in events(database) if name in ("attendance.recorded", "check.recorded")
    }
    assert days == {"2022-05-10"}


def test_a_drive_counts_from_the_first_day_of_its_rosters_or_for_the_year(database: Database) -> None:
    load(database, **a_year())
    days = [event["occurredon"] for name, event in events(database) if name == "drive.held"]
    assert days == ["2022-04-12", "2022-01-01"]


def test_the_same_file_again_changes_nothing(database: Database) -> None:
    load(database, **a_year())
    before = events(database)
    again = load(database, **a_year())
    assert {name: done.created for name, done in again.items()} == dict.fromkeys(again, 0)
    assert {name: done.unchanged for name, done in again.items()} == {
        name: len(rows) for name, rows in a_year().items()
    }
    assert events(database) == before


def test_a_file_may_bring_more_of_what_is_there(database: Database) -> None:
    load(database, **a_year())
    more = {
        "sessions": [session_row()],
        "vaccination_drives": [{"drive_no": "JZ-1", "title": "第一次"}],
        "vaccination_rosters": [roster_row(date(2022, 4, 11))],
    }
    before = len(events(database))
    assert load(database, **more)["vaccination_rosters"] == Loaded(1, 0)
    assert types(database)[before:] == ["drive.amended", "roster.recorded"]
    assert events(database)[before][1]["occurredon"] == "2022-04-11"


def test_a_known_number_with_another_content_is_a_finding(database: Database) -> None:
    load(database, **a_year())
    changed = a_year()
    changed["sessions"][0]["title"] = "第二讲"
    changed["works"][1]["genre"] = "calligraphy"
    changed["health_checks"][0]["hospital"] = "区人民医院"
    changed["vaccination_drives"][0]["title"] = "头一次"
    changed["vaccination_rosters"][0]["vaccinated"] = 7
    found = findings(database, **changed)
    assert found == [
        ("sessions", 2, "", CHANGED),
        ("works", 3, "", CHANGED),
        ("health_checks", 2, "", CHANGED),
        ("vaccination_drives", 2, "", CHANGED),
    ]
    changed = a_year()
    changed["vaccination_rosters"][0]["vaccinated"] = 7
    assert findings(database, **changed) == [("vaccination_rosters", 2, "", CHANGED)]


def test_what_was_voided_or_corrected_in_the_system_is_not_brought_back(database: Database) -> None:
    load(database, **a_year())
    api = Api(database)
    attendance = api("GET", f"/attendances?cadre_id={LIN}").json["items"][0]
    api("POST", f"/attendances/{attendance['id']}/void", {"reason": "entered-in-error"})
    work_id = entity_id("work", 2022, "ZP-1")
    api("POST", f"/works/{work_id}/withdraw", {"reason": "by-author"})
    assert findings(database, **a_year()) == [("attendances", 4, "", CHANGED), ("works", 2, "", CHANGED)]


def test_every_row_that_can_not_be_is_found_and_nothing_is_kept(database: Database) -> None:
    year = a_year()
    year["sessions"].append(session_row("CC-4", programme="research"))
    year["attendances"] += [
        {"session_no": "CC-1", "cadre_id": "G0003"},
        {"session_no": "CC-1", "cadre_id": "G9999"},
        {"session_no": "CC-4", "cadre_id": "G0001"},
    ]
    year["works"][0]["cadre_id"] = "G9999"
    year["health_check_persons"].append({"batch_no": "TJ-01", "cadre_id": "G0003"})
    year["vaccination_rosters"][1]["vaccinated"] = 13
    found = [(sheet, row, field) for sheet, row, field, _ in findings(database, **year)]
    assert found == [
        ("sessions", 5, "topic"),
        ("attendances", 5, "cadre_id"),
        ("attendances", 6, "cadre_id"),
        ("works", 2, "cadre_id"),
        ("health_check_persons", 3, "cadre_id"),
        ("vaccination_rosters", 3, "vaccinated"),
    ]
    assert types(database) == []


def test_a_date_after_today_is_found(database: Database) -> None:
    with pytest.raises(NotLoadable) as refused:
        load(database, DAY - timedelta(days=1), sessions=[session_row()])
    assert [(found.row, found.field) for found in refused.value.findings] == [(2, "held_on")]


def test_what_the_api_recorded_under_a_number_is_known_to_the_workbook(database: Database) -> None:
    api = Api(database)
    session = api.held_session(session_no="CC-1", title="第一讲")
    api.attended(session["id"], LIN)
    loaded = load(database, sessions=[session_row()], attendances=[{"session_no": "CC-1", "cadre_id": "G0001"}])
    assert (loaded["sessions"], loaded["attendances"]) == (Loaded(0, 1), Loaded(0, 1))


def test_thousands_of_rows_take_few_statements(database: Database) -> None:
    numbers = [f"H{number:04}" for number in range(300)]
    add_cadres(database, *numbers)
    sessions = [session_row(f"CC-{number}") for number in range(10)]
    attendances = [{"session_no": row["session_no"], "cadre_id": number} for row in sessions for number in numbers]
    statements: list[str] = []
    listen(database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    load(database, sessions=sessions, attendances=attendances)
    assert len(statements) < 50
    assert types(database).count("attendance.recorded") == 3_000
