"""Importing again: a row is compared with itself as it was imported, and with the record as it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hongxia.database import Database
from hongxia.ids import entity_id
from hongxia.workbook.reconcile import NotLoadable, Unconfirmed
from tests.unit.activities_builders import (
    DAY,
    LIN,
    Api,
    a_year,
    add_cadres,
    events,
    load,
    load_plan,
    new_database,
    plan,
    roster_row,
    session_row,
    types,
)

SESSION = f"/sessions/{entity_id('session', 2022, 'CC-1')}"
WORK = f"/works/{entity_id('work', 2022, 'ZP-1')}"
BATCH = f"/health-checks/{entity_id('health-check', 2022, 'TJ-01')}"
DRIVE = f"/drives/{entity_id('drive', 2022, 'JZ-1')}"


@pytest.fixture
def database() -> Database:
    database = new_database()
    add_cadres(database, "G0001", "G0002")
    return database


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


def conflicts(database: Database, **sheets: list[dict[str, Any]]) -> list[tuple[str, int, str, str]]:
    with pytest.raises(NotLoadable) as refused:
        plan(database, **sheets)
    return [(found.sheet, found.row, found.field, found.message_zh) for found in refused.value.findings]


def test_the_same_file_again_changes_nothing(database: Database) -> None:
    load(database, **a_year())
    before = events(database)
    again = load(database, **a_year())
    assert again == {name: (0, len(rows)) for name, rows in a_year().items()}
    assert events(database) == before


def test_what_was_amended_in_the_system_stays_amended_when_the_same_file_comes_again(
    api: Api, database: Database
) -> None:
    load(database, **a_year())
    api.amend(SESSION, title="改过的名称", others_count=3, held_on="2022-05-12")
    api.amend(WORK, genre="essay", call=None, cadre_id=None)
    api.amend(BATCH, hospital="区人民医院", held_on="2022-05-11")
    api.amend(DRIVE, title="头一次", starts_on="2022-04-10")
    roster = api("GET", "/rosters").json["items"][0]
    api.amend(f"/rosters/{roster['id']}", attended=40)
    attendance = api("GET", f"/attendances?cadre_id={LIN}").json["items"][0]
    api.amend(f"/attendances/{attendance['id']}", attended_on="2022-05-20")
    before = events(database)
    assert load(database, **a_year()) == {name: (0, len(rows)) for name, rows in a_year().items()}
    assert events(database) == before


def test_what_was_voided_in_the_system_is_not_brought_back_by_the_same_file(api: Api, database: Database) -> None:
    load(database, **a_year())
    attendance = api("GET", f"/attendances?cadre_id={LIN}").json["items"][0]
    api("POST", f"/attendances/{attendance['id']}/void", {"reason": "entered-in-error"})
    api("POST", f"{WORK}/withdraw", {"reason": "by-author"})
    api("POST", f"{SESSION}/cancel", {"reason": "duplicate"})
    api("POST", f"{BATCH}/void", {"reason": "duplicate"})
    api("POST", f"{DRIVE}/void", {"reason": "duplicate"})
    before = events(database)
    load(database, **a_year())
    assert events(database) == before


def test_a_planned_session_that_was_held_goes_on_without_a_question(api: Api, database: Database) -> None:
    load(database, sessions=[session_row(state="scheduled")])
    held = {
        "sessions": [session_row(held_on=date(2022, 5, 11), others_count=12)],
        "attendances": [{"session_no": "CC-1", "cadre_id": "G0001"}],
    }
    done = load_plan(database, **held)
    assert (done.digest, done.sheets["sessions"].continued, done.sheets["attendances"].created) == ("", 1, 1)
    assert types(database) == ["session.scheduled", "session.held", "attendance.recorded"]
    now = api("GET", SESSION).json
    assert (now["state"], now["held_on"], now["others_count"]) == ("held", "2022-05-11", 12)
    assert load(database, **held)["sessions"] == (0, 1)


def test_a_planned_session_that_was_cancelled_goes_on_too(database: Database) -> None:
    load(database, sessions=[session_row(state="scheduled")])
    done = load_plan(database, sessions=[session_row(state="cancelled")])
    assert (done.digest, done.sheets["sessions"].continued) == ("", 1)
    assert types(database) == ["session.scheduled", "session.cancelled"]


def test_a_session_that_is_held_and_renamed_at_once_is_to_be_confirmed(database: Database) -> None:
    load(database, sessions=[session_row(state="scheduled")])
    changed = {"sessions": [session_row(title="改名")]}
    with pytest.raises(Unconfirmed):
        load(database, **changed)
    load(database, confirm=True, **changed)
    assert types(database) == ["session.scheduled", "session.held"]


def test_a_session_that_did_not_take_place_after_all_is_cancelled_once_confirmed(api: Api, database: Database) -> None:
    load(database, **a_year())
    year = a_year()
    year["sessions"][2] |= {"state": "cancelled", "others_count": 0}
    del year["attendances"][0]
    shown = plan(database, **year)
    assert {(change.column, change.before, change.after) for change in shown.changes} == {
        ("状态", "已举办", "已取消"),
        ("其他参加人次", "7", "0"),
    }
    assert shown.missing == []  # the attendance was voided with its session
    load(database, confirm=True, **year)
    assert types(database)[-2:] == ["session.cancelled", "attendance.voided"]


@pytest.mark.parametrize(
    ("before", "after", "remedy"), [("cancelled", "held", "另编一个场次编号"), ("held", "scheduled", "已取消")]
)
def test_a_session_does_not_go_back_and_the_message_says_what_to_do(
    database: Database, before: str, after: str, remedy: str
) -> None:
    load(database, sessions=[session_row(state=before)])
    [(sheet, row, field, message)] = conflicts(database, sessions=[session_row(state=after)])
    assert (sheet, row, field) == ("sessions", 2, "state")
    assert remedy in message


def test_every_changed_row_is_shown_with_both_values_and_amended_once_confirmed(api: Api, database: Database) -> None:
    load(database, **a_year())
    changed = a_year()
    changed["sessions"][0]["title"] = "第二讲"
    changed["works"][1]["genre"] = "calligraphy"
    changed["works"][0]["cadre_id"] = "G0002"
    changed["health_checks"][0]["hospital"] = "区人民医院"
    changed["vaccination_drives"][0]["title"] = "头一次"
    changed["vaccination_rosters"][0]["vaccinated"] = 7
    shown = plan(database, **changed)
    assert [(each.sheet, each.row, each.column, each.before, each.after) for each in shown.changes] == [
        ("场次", 2, "名称", "第一讲", "第二讲"),
        ("作品", 2, "干部编号", "另一位干部", "G0002"),
        ("作品", 3, "体裁", "绘画", "书法"),
        ("体检批次", 2, "医院", "区中心医院", "区人民医院"),
        ("接种专场", 2, "名称", "第一次", "头一次"),
        ("接种名册", 2, "接种人数", "6", "7"),
    ]
    before = len(events(database))
    with pytest.raises(Unconfirmed):
        load(database, **changed)
    assert len(events(database)) == before
    load(database, confirm=True, **changed)
    amended = events(database)[before:]
    assert [name for name, _ in amended] == [
        "session.amended",
        "work.amended",
        "work.amended",
        "health-check.amended",
        "drive.amended",
        "roster.amended",
    ]
    assert {event["data"]["reason"] for _, event in amended} == {"workbook"}
    assert [event["data"]["changed"] for _, event in amended][:3] == [["title"], ["cadre_id"], ["genre"]]
    assert plan(database, **changed).changes == []


def test_the_date_of_a_session_that_is_corrected_in_the_file_takes_its_attendance_along(
    api: Api, database: Database
) -> None:
    load(database, **a_year())
    changed = a_year()
    changed["sessions"][0]["held_on"] = date(2022, 5, 12)
    load(database, confirm=True, **changed)
    days = {entry["attended_on"] for entry in api("GET", f"/attendances?session_id={SESSION[10:]}").json["items"]}
    assert days == {"2022-05-12"}


def test_what_changed_in_the_file_and_in_the_system_is_a_conflict_with_both_values(
    api: Api, database: Database
) -> None:
    load(database, **a_year())
    api.amend(SESSION, title="系统改的")
    changed = a_year()
    changed["sessions"][0]["title"] = "表里改的"
    [(sheet, row, field, message)] = conflicts(database, **changed)
    assert (sheet, row, field) == ("sessions", 2, "title")
    assert "系统改的" in message and "表里改的" in message and "somebody" in message


def test_a_row_that_another_column_of_was_amended_in_the_system_is_no_conflict(api: Api, database: Database) -> None:
    load(database, **a_year())
    api.amend(SESSION, venue="礼堂")
    changed = a_year()
    changed["sessions"][0]["title"] = "第二讲"
    load(database, confirm=True, **changed)
    now = api("GET", SESSION).json
    assert (now["title"], now["venue"]) == ("第二讲", "礼堂")


def test_rows_that_are_gone_from_the_file_are_listed_and_left_as_they_are(api: Api, database: Database) -> None:
    load(database, **a_year())
    less = {name: rows[1:] for name, rows in a_year().items() if name not in ("sessions", "vaccination_drives")}
    shown = plan(database, **less, sessions=a_year()["sessions"], vaccination_drives=a_year()["vaccination_drives"])
    assert ("考勤", "CC-3 / G0002") in shown.missing
    assert ("作品", "ZP-1") in shown.missing
    assert ("接种名册", "JZ-1 / 2022-04-13 / 区教育局") in shown.missing
    assert shown.digest == ""


def test_a_file_may_bring_more_of_what_is_there(database: Database) -> None:
    load(database, **a_year())
    more = {
        "sessions": [session_row()],
        "vaccination_drives": [{"drive_no": "JZ-1", "title": "第一次"}],
        "vaccination_rosters": [roster_row(date(2022, 4, 11))],
    }
    before = len(events(database))
    assert load(database, **more)["vaccination_rosters"] == (1, 0)
    assert types(database)[before:] == ["drive.amended", "roster.recorded"]
    assert events(database)[before][1]["occurredon"] == "2022-04-11"


def test_what_the_api_recorded_and_somebody_voided_is_not_taken_for_a_new_row(api: Api, database: Database) -> None:
    session = api.held_session(session_no="CC-1", title="第一讲")
    attendance = api.attended(session["id"], LIN)
    api("POST", f"/attendances/{attendance['id']}/void", {"reason": "entered-in-error"})
    work = api.made("/works", work_no="ZP-1", genre="poem", collected_on="2022-05-10")
    api("POST", f"/works/{work['id']}/withdraw", {"reason": "by-author"})
    sheets = {
        "sessions": [session_row()],
        "attendances": [{"session_no": "CC-1", "cadre_id": "G0001"}],
        "works": [{"work_no": "ZP-1", "genre": "poem", "collected_on": DAY}],
    }
    found = conflicts(database, **sheets)
    assert [(sheet, row, field) for sheet, row, field, _ in found] == [
        ("attendances", 2, "cadre_id"),
        ("works", 2, "work_no"),
    ]
    api.attended(session["id"], LIN)
    assert load(database, sessions=sheets["sessions"], attendances=sheets["attendances"])["attendances"] == (0, 1)


def test_an_attendance_that_was_voided_and_recorded_again_stays_as_it_is(api: Api, database: Database) -> None:
    load(database, **a_year())
    attendance = api("GET", f"/attendances?cadre_id={LIN}").json["items"][0]
    api("POST", f"/attendances/{attendance['id']}/void", {"reason": "entered-in-error"})
    api.attended(attendance["session_id"], LIN, attended_on="2022-05-13")
    before = events(database)
    load(database, **a_year())
    assert events(database) == before


def test_a_session_that_the_api_planned_goes_on_with_the_file_that_says_it_was_held(
    api: Api, database: Database
) -> None:
    api.made("/sessions", session_no="CC-1", title="第一讲", programme="online", held_on="2022-05-10", host="centre")
    done = load_plan(database, sessions=[session_row(others_count=7)])
    assert (done.digest, done.sheets["sessions"].continued) == ("", 1)
    assert types(database) == ["session.scheduled", "session.held"]
    [(sheet, row, field, _)] = conflicts(database, sessions=[session_row("CC-1", state="scheduled")])
    assert (sheet, row, field) == ("sessions", 2, "state")


def test_a_drive_whose_first_day_was_given_by_the_api_keeps_it(api: Api, database: Database) -> None:
    api.made("/drives", drive_no="JZ-1", title="第一次", starts_on="2022-04-10")
    drives = [{"drive_no": "JZ-1", "title": "第一次"}]
    load(database, vaccination_drives=drives, vaccination_rosters=[roster_row(date(2022, 4, 12))])
    assert api("GET", DRIVE).json["starts_on"] == "2022-04-10"


def test_a_first_day_that_was_corrected_in_the_system_is_not_moved_back_by_the_same_file(
    api: Api, database: Database
) -> None:
    load(database, **a_year())
    first = api("GET", "/rosters").json["items"][0]
    api("POST", f"/rosters/{first['id']}/void", {"reason": "entered-in-error"})
    assert api.amend(DRIVE, starts_on="2022-04-13").status_code == 200
    before = events(database)
    load(database, **a_year())
    assert events(database) == before
