"""Entered twice, and what can hardly be: asked about, whichever way it comes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hongxia.database import Database
from tests.unit.activities_builders import (
    CHEN,
    DAY,
    LIN,
    Api,
    add_cadres,
    cadre_event,
    load,
    new_database,
    plan,
    problem,
    read,
    types,
)

LESSON = {"programme": "online", "title": "线上第一讲", "held_on": "2022-05-10", "host": "centre", "state": "held"}
POEM = {"genre": "poem", "title": "七律·望江", "collected_on": "2022-05-10", "cadre_id": LIN}
BATCH = {"held_on": "2022-05-10", "hospital": "区中心医院"}
DRIVE = {"title": "第一次接种专场", "starts_on": "2022-04-12"}

KINDS = [("/sessions", LESSON, "session_no"), ("/works", POEM, "work_no")]
KINDS += [("/health-checks", BATCH, "batch_no"), ("/drives", DRIVE, "drive_no")]
EACH_KIND = pytest.mark.parametrize(("path", "body", "number"), KINDS, ids=[path for path, _, _ in KINDS])


@pytest.fixture
def database() -> Database:
    database = new_database()
    add_cadres(database, "G0001", "G0002")
    return database


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


@EACH_KIND
def test_the_same_again_is_asked_about_and_made_once_confirmed(
    api: Api, path: str, body: dict[str, Any], number: str
) -> None:
    first = api.made(path, **body)
    again = api.post(path, **body)
    assert problem(again)[:2] == (409, "entered-twice")
    assert again.json["existing"] == first["id"]
    assert api.made(f"{path}?confirm=entered-twice", **body)["id"] != first["id"]


@EACH_KIND
def test_without_a_number_a_key_is_needed_and_makes_one_record(
    api: Api, path: str, body: dict[str, Any], number: str
) -> None:
    assert problem(api("POST", path, body))[0] == 428
    assert api("POST", path, {**body, number: "甲-1"}).status_code == 201
    other = {**body, "title": "另一"} if "title" in body else {**body, "hospital": "区人民医院"}
    first = api("POST", path, other, Idempotency_Key="k1")
    assert first.status_code == 201
    assert api("POST", path, other, Idempotency_Key="k1").json == first.json


@EACH_KIND
def test_a_number_is_given_once_and_two_numbers_are_two_records(
    api: Api, path: str, body: dict[str, Any], number: str
) -> None:
    first = api.made(path, **{**body, number: "甲-1"})
    taken = api.post(path, **{**body, number: "甲-1"})
    assert (taken.status_code, problem(taken)[2], taken.json["existing"]) == (409, f"#/{number}", first["id"])
    assert api.made(path, **{**body, number: "甲-2"})["id"] != first["id"]


@EACH_KIND
def test_one_of_another_day_or_one_that_was_voided_is_no_double(
    api: Api, path: str, body: dict[str, Any], number: str
) -> None:
    day = next(name for name in body if name.endswith("_on"))
    first = api.made(path, **body)
    api.made(path, **{**body, day: "2022-05-20"})
    verb = {"/sessions": "cancel", "/works": "withdraw"}.get(path, "void")
    assert api("POST", f"{path}/{first['id']}/{verb}", {"reason": "duplicate"}).status_code == 200
    api.made(path, **body)


def test_what_was_posted_without_a_number_and_then_comes_in_a_file_is_asked_about(api: Api, database: Database) -> None:
    api.made("/sessions", **LESSON)
    api.made("/works", **POEM)
    row = {"session_no": "CC-1", "title": "线上第一讲", "programme": "online", "held_on": DAY, "host": "centre"}
    sheets = {
        "sessions": [{**row, "state": "held"}],
        "works": [{"work_no": "ZP-1", "cadre_id": "G0001", "genre": "poem", "title": "七律·望江", "collected_on": DAY}],
    }
    asked = plan(database, **sheets).questions
    assert [(each.sheet, each.row, each.code) for each in asked] == [
        ("场次", 2, "entered-twice"),
        ("作品", 2, "entered-twice"),
    ]
    assert load(database, confirm=True, **sheets)["sessions"] == (1, 0)
    assert plan(database, **sheets).digest == ""


def test_the_same_work_under_the_number_of_a_merged_record_is_asked_about(api: Api, database: Database) -> None:
    api.made("/works", **{**POEM, "cadre_id": CHEN})
    read(database, cadre_event("merged", CHEN, version=2, into=LIN))
    assert problem(api.post("/works", **POEM))[:2] == (409, "entered-twice")


def test_works_without_author_and_title_are_not_held_against_one_another(api: Api) -> None:
    for _ in range(3):
        api.made("/works", genre="calligraphy", collected_on="2022-05-10")
    api.made("/works", genre="calligraphy", collected_on="2022-05-10", title="红棉报春")
    again = api.post("/works", genre="calligraphy", collected_on="2022-05-10", title="红棉报春")
    assert problem(again)[:2] == (409, "entered-twice")


def test_a_million_others_at_a_session_of_a_small_bureau_is_asked_about(api: Api, database: Database) -> None:
    add_cadres(database, *(f"H{number:03}" for number in range(148)))
    refused = api.post("/sessions", **LESSON, others_count=999_999)
    assert problem(refused) == (409, "count-far-above-cadres", "#/others_count")
    assert (refused.json["cadres"], refused.json["bound"]) == (150, 3_000)
    assert api.made("/sessions", **LESSON, others_count=3_000)["others_count"] == 3_000
    confirmed = api.made("/sessions?confirm=count-far-above-cadres", **{**LESSON, "title": "二"}, others_count=3_001)
    assert confirmed["others_count"] == 3_001


def test_the_same_is_asked_when_a_session_is_held_amended_or_imported(api: Api, database: Database) -> None:
    planned = api.made("/sessions", **{**LESSON, "state": "scheduled"})
    path = f"/sessions/{planned['id']}"
    assert problem(api("POST", f"{path}/hold", {"others_count": 501}))[1] == "count-far-above-cadres"
    assert api("POST", f"{path}/hold", {"others_count": 500}).status_code == 200
    assert problem(api.amend(path, others_count=600))[1] == "count-far-above-cadres"
    query = f"{path}?confirm=count-far-above-cadres"
    assert api("PATCH", query, {"others_count": 600}, If_Match='"2"').json["others_count"] == 600
    assert api.amend(path, title="线上第二讲").status_code == 200
    row = {"session_no": "CC-9", "title": "第九讲", "programme": "online", "held_on": DAY, "host": "centre"}
    asked = plan(database, sessions=[{**row, "state": "held", "others_count": 999_999}]).questions
    assert [(each.row, each.code) for each in asked] == [(2, "count-far-above-cadres")]


def test_the_dead_and_the_merged_do_not_raise_the_bound(api: Api, database: Database) -> None:
    add_cadres(database, *(f"D{number:03}" for number in range(100)), deceased_on=date(2020, 1, 1))
    assert problem(api.post("/sessions", **LESSON, others_count=501))[1] == "count-far-above-cadres"


def test_two_questions_are_confirmed_together_and_others_are_not_known(api: Api, database: Database) -> None:
    api.made("/sessions", **LESSON)
    path = "/sessions?confirm=entered-twice,count-far-above-cadres"
    assert api.made(path, **LESSON, others_count=9_999)["others_count"] == 9_999
    assert problem(api.post("/sessions?confirm=anything", **LESSON))[:2] == (422, "invalid")
    assert types(database) == ["session.held", "session.held"]


def test_two_works_that_somebody_confirmed_are_no_contradiction(api: Api, database: Database) -> None:
    api.made("/works", **POEM)
    api.made("/works?confirm=entered-twice", **POEM)
    read(database, cadre_event("amended", LIN, version=2))
    assert api.contradictions() == []
