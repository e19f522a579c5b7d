"""Works, health checks and vaccination drives: their rules, their corrections, and what falls with what."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from werkzeug.wrappers import Response

from hongxia.database import Database
from hongxia.ids import entity_id
from tests.unit.activities_builders import (
    CHEN,
    LIN,
    NOBODY,
    Api,
    add_cadres,
    events,
    new_database,
    problem,
    types,
)

DECEASED = entity_id("cadre", "G0003")


@pytest.fixture
def database() -> Database:
    database = new_database()
    add_cadres(database, "G0001", "G0002")
    add_cadres(database, "G0003", deceased_on=date(2022, 6, 1))
    return database


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


POEM = {"genre": "poem", "title": "七律·望江", "call": "喜迎二十大", "collected_on": "2022-06-20", "cadre_id": LIN}


def test_a_work_is_collected_corrected_and_withdrawn(api: Api, database: Database) -> None:
    work = api.made("/works", **POEM)
    path = f"/works/{work['id']}"
    assert api.amend(path, genre="essay", call=None).json["version"] == 2
    withdrawn = api("POST", f"{path}/withdraw", {"reason": "by-author"}).json
    assert (withdrawn["state"], withdrawn["void_reason"]) == ("withdrawn", "by-author")
    assert problem(api("POST", f"{path}/withdraw", {"reason": "by-author"}))[:2] == (409, "wrong-state")
    assert problem(api.amend(path, genre="poem"))[:2] == (409, "wrong-state")
    assert types(database) == ["work.collected", "work.amended", "work.withdrawn"]
    data = {"genre": "essay", "call": None, "collected_on": "2022-06-20", "cadre_id": LIN}
    assert [event["data"] for _, event in events(database)][1:] == [
        {**data, "changed": ["call", "genre"], "reason": "correction"},
        {**data, "reason": "by-author"},
    ]


def test_a_work_needs_neither_a_call_nor_an_author_in_the_register(api: Api, database: Database) -> None:
    api.made("/works", genre="painting", collected_on="2022-06-20")
    assert events(database)[0][1]["data"] == {
        "genre": "painting",
        "call": None,
        "collected_on": "2022-06-20",
        "cadre_id": None,
    }


def test_the_family_may_hand_in_the_work_of_one_who_died(api: Api) -> None:
    late = {**POEM, "cadre_id": DECEASED}
    assert problem(api.post("/works", **late)) == (409, "by-family", "#/cadre_id")
    work = api.made("/works?confirm=by-family", **late)
    assert (work["cadre_id"], work["by_family"]) == (DECEASED, True)
    assert api.made("/works", **{**late, "title": "遗作", "by_family": True})["by_family"]
    assert not api.made("/works", **{**late, "collected_on": "2022-06-01"})["by_family"]


def test_a_work_that_moves_behind_its_authors_death_is_asked_about(api: Api) -> None:
    work = api.made("/works", **POEM)
    path = f"/works/{work['id']}"
    assert problem(api.amend(path, cadre_id=DECEASED)) == (409, "by-family", "#/cadre_id")
    moved = api("PATCH", f"{path}?confirm=by-family", {"cadre_id": DECEASED}, If_Match='"1"')
    assert (moved.json["cadre_id"], moved.json["by_family"]) == (DECEASED, True)


@pytest.mark.parametrize(
    ("changes", "slug", "pointer"),
    [
        ({"cadre_id": NOBODY}, "unknown-cadre", "#/cadre_id"),
        ({"collected_on": "2023-01-11"}, "date-in-future", "#/collected_on"),
        ({"genre": "song"}, "invalid", "#/genre"),
    ],
)
def test_a_work_that_can_not_be_is_refused_new_or_corrected(
    api: Api, database: Database, changes: dict[str, Any], slug: str, pointer: str
) -> None:
    assert problem(api.post("/works", **{**POEM, **changes})) == (422, slug, pointer)
    work = api.made("/works", **POEM)
    assert problem(api.amend(f"/works/{work['id']}", **changes)) == (422, slug, pointer)
    assert types(database) == ["work.collected"]


def test_words_from_the_api_are_written_as_those_from_a_workbook(api: Api) -> None:
    assert api.made("/works", **{**POEM, "call": " 喜迎２０　大 "})["call"] == "喜迎20 大"


def batch_of(api: Api, **changes: Any) -> dict[str, Any]:
    return api.made("/health-checks", **{"held_on": "2022-05-10", "hospital": "区中心医院", **changes})


def test_a_cadre_is_checked_once_in_a_batch_and_again_in_another(api: Api, database: Database) -> None:
    first, second = batch_of(api), batch_of(api, held_on="2022-06-10")
    check = api.made(f"/health-checks/{first['id']}/checks", cadre_id=LIN)
    again = api("POST", f"/health-checks/{first['id']}/checks", {"cadre_id": LIN})
    assert problem(again) == (409, "already-recorded", "#/cadre_id")
    api.made(f"/health-checks/{second['id']}/checks", cadre_id=LIN)
    assert check["checked_on"] == "2022-05-10"
    assert events(database)[2][1]["data"] == {"batch_id": first["id"], "cadre_id": LIN, "checked_on": "2022-05-10"}


@pytest.mark.parametrize(
    ("body", "slug", "pointer"),
    [
        ({"cadre_id": NOBODY}, "unknown-cadre", "#/cadre_id"),
        ({"cadre_id": DECEASED, "checked_on": "2022-06-02"}, "cadre-deceased", "#/cadre_id"),
        ({"cadre_id": LIN, "checked_on": "2022-05-09"}, "check-before-batch", "#/checked_on"),
        ({"cadre_id": LIN, "checked_on": "2023-05-09"}, "date-in-future", "#/checked_on"),
    ],
)
def test_a_check_that_can_not_be_is_refused(api: Api, body: dict[str, Any], slug: str, pointer: str) -> None:
    batch = batch_of(api)
    assert problem(api("POST", f"/health-checks/{batch['id']}/checks", body)) == (422, slug, pointer)


def test_checks_follow_their_batch(api: Api, database: Database) -> None:
    batch = batch_of(api)
    path = f"/health-checks/{batch['id']}"
    check = api.made(f"{path}/checks", cadre_id=LIN)
    assert api.amend(f"/checks/{check['id']}", checked_on="2022-05-10").json["version"] == 1
    api.amend(path, held_on="2022-05-11")
    assert api("GET", f"/checks/{check['id']}").json["checked_on"] == "2022-05-11"
    api.amend(path, hospital="区人民医院")
    api("POST", f"{path}/void", {"reason": "duplicate"})
    assert api("GET", f"/checks/{check['id']}").json["void_reason"] == "batch-voided"
    assert types(database) == [
        "health-check.held",
        "check.recorded",
        "health-check.amended",
        "check.amended",
        "health-check.amended",
        "health-check.voided",
        "check.voided",
    ]
    refused = api("POST", f"{path}/checks", {"cadre_id": CHEN})
    assert problem(refused)[:2] == (409, "wrong-state")


def test_a_check_is_voided_by_itself(api: Api, database: Database) -> None:
    check = api.made(f"/health-checks/{batch_of(api)['id']}/checks", cadre_id=LIN)
    assert api("POST", f"/checks/{check['id']}/void", {"reason": "entered-in-error"}).json["state"] == "voided"
    assert types(database)[-1] == "check.voided"


def test_a_batch_is_not_in_the_future(api: Api) -> None:
    late = {"held_on": "2023-01-11", "hospital": "区中心医院"}
    assert problem(api.post("/health-checks", **late)) == (422, "date-in-future", "#/held_on")


def drive_of(api: Api, **changes: Any) -> dict[str, Any]:
    return api.made("/drives", **{"title": "第一次接种专场", "starts_on": "2022-04-12", **changes})


ROSTER = {"on": "2022-04-12", "attended": 12, "vaccinated": 6}


def roster_of(api: Api, drive: dict[str, Any], label: str = "区教育局", **changes: Any) -> Response:
    unit = {} if "unit" in changes else {"unit": api.unit(label)}
    return api("POST", f"/drives/{drive['id']}/rosters", {**ROSTER, **unit, **changes})


def test_a_unit_has_one_row_for_each_day_of_a_drive(api: Api, database: Database) -> None:
    drive = drive_of(api)
    made = roster_of(api, drive)
    assert made.headers["Location"] == f"../../rosters/{made.json['id']}"
    assert (made.json["unit"], made.json["unit_label"]) == (api.unit("区教育局"), "区教育局")
    assert problem(roster_of(api, drive)) == (409, "roster-exists", "#/unit")
    assert roster_of(api, drive, on="2022-04-13").status_code == 201
    assert roster_of(api, drive, "区卫健局").status_code == 201
    rosters = [name for name in types(database) if name != "unit.listed"]
    assert rosters == ["drive.held", *["roster.recorded"] * 3]


def test_a_unit_is_named_by_its_code_and_read_by_its_name(api: Api, database: Database) -> None:
    drive = drive_of(api)
    assert problem(roster_of(api, drive, unit="u1234567")) == (422, "unknown-unit", "#/unit")
    roster = roster_of(api, drive).json
    assert events(database)[-1][1]["data"]["unit"] == roster["unit"]
    [unit] = api("GET", "/units").json["items"]
    api.amend(f"/units/{unit['id']}", label="区教育和体育局")
    assert api("GET", f"/rosters/{roster['id']}").json["unit_label"] == "区教育和体育局"
    assert types(database)[-1] == "unit.amended"
    api("POST", f"/units/{unit['id']}/retire")
    refused = roster_of(api, drive, on="2022-04-14", unit=unit["code"])
    assert problem(refused) == (422, "unknown-unit", "#/unit")


@pytest.mark.parametrize(
    ("changes", "slug", "pointer"),
    [
        ({"vaccinated": 13}, "vaccinated-over-attended", "#/vaccinated"),
        ({"on": "2022-04-11"}, "roster-before-drive", "#/on"),
        ({"on": "2023-04-11"}, "date-in-future", "#/on"),
        ({"attended": -1}, "invalid", "#/attended"),
        ({"attended": True}, "invalid", "#/attended"),
        ({"attended": 1.5}, "invalid", "#/attended"),
    ],
)
def test_a_roster_that_can_not_be_is_refused(api: Api, changes: dict[str, Any], slug: str, pointer: str) -> None:
    assert problem(roster_of(api, drive_of(api), **changes)) == (422, slug, pointer)


def test_the_numbers_of_a_roster_are_corrected_and_voided_and_recorded_again(api: Api, database: Database) -> None:
    drive = drive_of(api)
    roster = roster_of(api, drive).json
    path = f"/rosters/{roster['id']}"
    assert problem(api.amend(path, attended=5)) == (422, "vaccinated-over-attended", "#/vaccinated")
    assert problem(api.amend(path, unit="u1234567"))[:2] == (422, "invalid")
    assert api.amend(path, attended=5, vaccinated=5).json["version"] == 2
    amended = events(database)[-1][1]["data"]
    assert (amended["changed"], amended["reason"]) == (["attended", "vaccinated"], "correction")
    assert api.amend(path, attended=5).json["version"] == 2
    api("POST", f"{path}/void", {"reason": "entered-in-error"})
    again = roster_of(api, drive).json
    assert (again["id"], again["version"], again["attended"]) == (roster["id"], 4, 12)
    kinds = ["drive.held", "unit.listed", "roster.recorded", "roster.amended", "roster.voided", "roster.recorded"]
    assert types(database) == kinds


def test_a_drive_takes_its_rosters_with_it(api: Api, database: Database) -> None:
    drive = drive_of(api)
    path = f"/drives/{drive['id']}"
    roster = roster_of(api, drive).json
    assert problem(api.amend(path, starts_on="2022-04-13")) == (422, "roster-before-drive", "#/starts_on")
    assert api.amend(path, starts_on="2022-04-11", title="接种专场").json["version"] == 2
    api("POST", f"{path}/void", {"reason": "other"})
    assert api("GET", f"/rosters/{roster['id']}").json["void_reason"] == "drive-voided"
    assert types(database)[-3:] == ["drive.amended", "drive.voided", "roster.voided"]
    assert [event["occurredon"] for name, event in events(database) if name == "drive.amended"] == ["2022-04-11"]
    assert problem(roster_of(api, drive))[:2] == (409, "wrong-state")


def test_every_kind_of_record_is_listed(api: Api) -> None:
    api.made("/works", **POEM)
    batch, drive = batch_of(api), drive_of(api)
    api.made(f"/health-checks/{batch['id']}/checks", cadre_id=LIN)
    roster = roster_of(api, drive).json
    for path in (
        "/works?genre=poem&call=喜迎二十大",
        f"/works?cadre_id={LIN}",
        "/health-checks?since=2022-05-10",
        f"/checks?batch_id={batch['id']}",
        "/drives?state=held",
        f"/rosters?drive_id={drive['id']}&unit={roster['unit']}",
    ):
        assert len(api("GET", path, role="office").json["items"]) == 1, path
    assert api("GET", "/works?genre=essay").json["items"] == []
