"""The workbook 活动学习: what its rows make, and every row that can't be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.event import listen

from hongxia.database import Database
from hongxia.ids import entity_id
from hongxia.workbook.reconcile import NotLoadable
from tests.unit.activities_builders import (
    DAY,
    LIN,
    Api,
    a_year,
    add_cadres,
    events,
    load,
    new_database,
    plan,
    roster_row,
    session_row,
    types,
)


@pytest.fixture
def database() -> Database:
    database = new_database()
    add_cadres(database, "G0001", "G0002")
    add_cadres(database, "G0003", deceased_on=date(2022, 5, 1))
    return database


def findings(database: Database, **sheets: list[dict[str, Any]]) -> list[tuple[str, int, str, str]]:
    with pytest.raises(NotLoadable) as refused:
        load(database, **sheets)
    return [(found.sheet, found.row, found.field, found.message_zh) for found in refused.value.findings]


def places(database: Database, **sheets: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [(sheet, row, field) for sheet, row, field, _ in findings(database, **sheets)]


def test_rows_become_events_sheet_by_sheet_in_their_order(database: Database) -> None:
    loaded = load(database, **a_year())
    assert loaded["sessions"] == (3, 0)
    assert loaded["vaccination_rosters"] == (2, 0)
    assert types(database) == [
        "session.held",
        "session.cancelled",
        "session.held",
        *["attendance.recorded"] * 3,
        *["work.collected"] * 2,
        "health-check.held",
        "check.recorded",
        *["drive.held"] * 2,
        "unit.listed",
        *["roster.recorded"] * 2,
    ]
    ids_in_order = [event["data"]["session_id"] for name, event in events(database) if name == "attendance.recorded"]
    assert ids_in_order == [entity_id("session", 2022, number) for number in ("CC-3", "CC-1", "CC-1")]


def test_attendance_is_on_the_day_of_its_session(database: Database) -> None:
    load(database, **a_year())
    of_persons = ("attendance.recorded", "check.recorded")
    assert {event["occurredon"] for name, event in events(database) if name in of_persons} == {"2022-05-10"}


def test_a_drive_counts_from_the_first_day_of_its_rosters_or_for_the_year(database: Database) -> None:
    load(database, **a_year())
    days = [event["occurredon"] for name, event in events(database) if name == "drive.held"]
    assert days == ["2022-04-12", "2022-01-01"]


@pytest.mark.parametrize("late", [date(2022, 4, 11), date(2022, 4, 14)])
def test_a_drive_begins_on_the_same_day_whether_its_rosters_come_at_once_or_later(late: date) -> None:
    days = []
    for files in ([[late, date(2022, 4, 12)]], [[], [date(2022, 4, 12), late]], [[date(2022, 4, 12)], [late]]):
        database = new_database()
        for rosters in files:
            rows = [roster_row(day) for day in rosters]
            load(database, vaccination_drives=[{"drive_no": "JZ-1", "title": "第一次"}], vaccination_rosters=rows)
        days.append(Api(database)("GET", "/drives").json["items"][0]["starts_on"])
    assert set(days) == {min(late, date(2022, 4, 12)).isoformat()}


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
    assert places(database, **year) == [
        ("sessions", 5, "topic"),
        ("attendances", 5, "cadre_id"),
        ("attendances", 6, "cadre_id"),
        ("works", 2, "cadre_id"),
        ("health_check_persons", 3, "cadre_id"),
        ("vaccination_rosters", 3, "vaccinated"),
    ]
    assert types(database) == []


@pytest.mark.parametrize("state", ["held", "scheduled"])
def test_only_what_is_planned_may_lie_after_today(database: Database, state: str) -> None:
    sheets = {"sessions": [session_row(state=state)]}
    if state == "scheduled":
        assert load(database, DAY - timedelta(days=1), **sheets)["sessions"] == (1, 0)
        return
    with pytest.raises(NotLoadable) as refused:
        load(database, DAY - timedelta(days=1), **sheets)
    assert [(found.row, found.field) for found in refused.value.findings] == [(2, "held_on")]


def test_what_the_api_recorded_under_a_number_is_known_to_the_workbook(database: Database) -> None:
    api = Api(database)
    session = api.held_session(session_no="CC-1", title="第一讲")
    api.attended(session["id"], LIN)
    loaded = load(database, sessions=[session_row()], attendances=[{"session_no": "CC-1", "cadre_id": "G0001"}])
    assert (loaded["sessions"], loaded["attendances"]) == ((0, 1), (0, 1))


def test_labels_that_an_empty_list_lacks_are_added_and_later_ones_are_shown_first(database: Database) -> None:
    drive = [{"drive_no": "JZ-1", "title": "第一次"}]
    rosters = [roster_row(DAY)]
    assert plan(database, vaccination_drives=drive, vaccination_rosters=rosters).digest == ""
    load(database, vaccination_drives=drive, vaccination_rosters=rosters)
    more = [*rosters, roster_row(DAY, unit="区卫健局"), roster_row(DAY, unit="区民政局")]
    shown = plan(database, vaccination_drives=drive, vaccination_rosters=more)
    assert shown.labels == [("单位名单", "区卫健局"), ("单位名单", "区民政局")]
    assert shown.digest
    load(database, confirm=True, vaccination_drives=drive, vaccination_rosters=more)
    units = Api(database)("GET", "/units").json["items"]
    assert {unit["label"] for unit in units} == {"区教育局", "区卫健局", "区民政局"}
    assert plan(database, vaccination_drives=drive, vaccination_rosters=more).labels == []


def test_a_unit_that_was_renamed_is_found_by_its_old_name_too(database: Database) -> None:
    sheets = a_year()
    load(database, **sheets)
    api = Api(database)
    [unit] = api("GET", "/units").json["items"]
    api.amend(f"/units/{unit['id']}", label="区教育和体育局")
    before = events(database)
    assert load(database, **sheets)["vaccination_rosters"] == (0, 2)
    assert events(database) == before
    sheets["vaccination_rosters"].append(roster_row(date(2022, 4, 14)))
    sheets["vaccination_rosters"].append(roster_row(date(2022, 4, 15), unit="区教育和体育局"))
    assert load(database, **sheets)["vaccination_rosters"] == (2, 2)
    assert {roster["unit"] for roster in api("GET", "/rosters").json["items"]} == {unit["code"]}


def test_thousands_of_rows_take_few_statements(database: Database) -> None:
    numbers = [f"H{number:04}" for number in range(300)]
    add_cadres(database, *numbers)
    sessions = [session_row(f"CC-{number}") for number in range(10)]
    attendances = [{"session_no": row["session_no"], "cadre_id": number} for row in sessions for number in numbers]
    statements: list[str] = []
    listen(database.engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    load(database, sessions=sessions, attendances=attendances)
    assert len(statements) < 70
    assert types(database).count("attendance.recorded") == 3_000
