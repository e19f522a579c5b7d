"""After a merge: two records of one person at the register, and back again when the merge was wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongxia.database import Database
from hongxia.ids import entity_id
from tests.unit.activities_builders import (
    CHEN,
    DAY,
    LIN,
    Api,
    add_cadres,
    cadre_event,
    events,
    load,
    new_database,
    problem,
    read,
)

WANG = entity_id("cadre", "G0003")


@pytest.fixture
def database() -> Database:
    database = new_database()
    add_cadres(database, "G0001", "G0002", "G0003")
    return database


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


def merge(database: Database, vanished: str, into: str, version: int = 2) -> None:
    read(database, cadre_event("merged", vanished, version=version, into=into))


def undo(database: Database, vanished: str, into: str, version: int = 3) -> None:
    read(database, cadre_event("merge-undone", vanished, version=version, into=into))


def standing(api: Api, path: str = "attendances") -> set[tuple[str, str]]:
    """Owner and cadre of the entries that count."""
    found = api("GET", f"/{path}?state=recorded").json["items"]
    return {(item.get("session_id") or item["batch_id"], item["cadre_id"]) for item in found}


def facts(database: Database) -> dict[str, str | None]:
    """What a reader of the events counts: the newest event of each attendance that is not voided, by its cadre."""
    newest = {event["subject"]: (name, event) for name, event in events(database) if name.startswith("attendance.")}
    return {
        subject: event["data"]["cadre_id"] for subject, (name, event) in newest.items() if name != "attendance.voided"
    }


def test_every_command_with_a_merged_cadre_is_done_for_the_survivor(api: Api, database: Database) -> None:
    work_before = api.made("/works", genre="poem", collected_on="2022-05-10", cadre_id=CHEN)
    lesson, batch = api.held_session(), api.made("/health-checks", held_on="2022-05-10", hospital="区中心医院")
    old = api.attended(lesson["id"], CHEN)
    merge(database, CHEN, LIN)
    other = api.held_session(title="第二讲")
    assert api.attended(other["id"], CHEN)["cadre_id"] == LIN
    assert api.made(f"/health-checks/{batch['id']}/checks", cadre_id=CHEN)["cadre_id"] == LIN
    assert api.made("/works", genre="essay", collected_on="2022-05-10", cadre_id=CHEN)["cadre_id"] == LIN
    third = api.made(
        "/sessions",
        programme="college",
        title="第三讲",
        held_on="2022-05-11",
        host="centre",
        state="held",
        attendances=[{"cadre_id": CHEN}],
    )
    planned = api.made("/sessions", programme="college", title="第四讲", held_on="2022-05-12", host="centre")
    held = api("POST", f"/sessions/{planned['id']}/hold", {"attendances": [{"cadre_id": CHEN}]})
    assert held.status_code == 200
    assert {(third["id"], LIN), (planned["id"], LIN)} <= standing(api)
    assert api.amend(f"/attendances/{old['id']}", attended_on="2022-05-12").json["attended_on"] == "2022-05-12"
    assert api.amend(f"/works/{work_before['id']}", title="七律").json["title"] == "七律"
    written = api.made("/works", genre="painting", collected_on="2022-05-10")
    assert api.amend(f"/works/{written['id']}", cadre_id=CHEN).json["cadre_id"] == LIN
    assert api("POST", f"/attendances/{old['id']}/void", {"reason": "entered-in-error"}).status_code == 200
    assert api("POST", f"/works/{work_before['id']}/withdraw", {"reason": "by-author"}).status_code == 200


def test_every_sheet_with_a_merged_cadre_is_loaded_for_the_survivor(api: Api, database: Database) -> None:
    merge(database, CHEN, LIN)
    lesson = {"session_no": "CC-1", "title": "第一讲", "programme": "online", "held_on": DAY, "host": "centre"}
    load(
        database,
        sessions=[{**lesson, "state": "held"}],
        attendances=[{"session_no": "CC-1", "cadre_id": "G0002"}],
        works=[{"work_no": "ZP-1", "cadre_id": "G0002", "genre": "poem", "collected_on": DAY}],
        health_checks=[{"batch_no": "TJ-01", "held_on": DAY, "hospital": "区中心医院"}],
        health_check_persons=[{"batch_no": "TJ-01", "cadre_id": "G0002"}],
    )
    for path in ("attendances", "works", "checks"):
        assert [item["cadre_id"] for item in api("GET", f"/{path}").json["items"]] == [LIN], path


def test_who_is_there_under_both_numbers_counts_once_and_twice_again_after_the_undoing(
    api: Api, database: Database
) -> None:
    both, one = api.held_session(), api.held_session(title="第二讲")
    for session_id, cadre_id in ((both["id"], LIN), (both["id"], CHEN), (one["id"], CHEN)):
        api.attended(session_id, cadre_id)
    batch = api.made("/health-checks", held_on="2022-05-10", hospital="区中心医院")
    for cadre_id in (LIN, CHEN):
        api.made(f"/health-checks/{batch['id']}/checks", cadre_id=cadre_id)
    before, facts_before = standing(api), facts(database)
    merge(database, CHEN, LIN)
    assert standing(api) == {(both["id"], LIN), (one["id"], CHEN)}
    assert standing(api, "checks") == {(batch["id"], LIN)}
    assert len(facts(database)) == 2
    undo(database, CHEN, LIN)
    assert standing(api) == before
    assert standing(api, "checks") == {(batch["id"], LIN), (batch["id"], CHEN)}
    assert facts(database) == facts_before


def test_a_merge_that_is_delivered_again_changes_nothing(api: Api, database: Database) -> None:
    lesson = api.held_session()
    for cadre_id in (LIN, CHEN):
        api.attended(lesson["id"], cadre_id)
    merge(database, CHEN, LIN)
    before = len(events(database))
    merge(database, CHEN, LIN)
    assert len(events(database)) == before


def test_who_has_attended_under_the_merged_number_is_not_recorded_again_under_the_other(
    api: Api, database: Database
) -> None:
    lesson = api.held_session()
    there = api.attended(lesson["id"], CHEN)
    merge(database, CHEN, LIN)
    for cadre_id in (LIN, CHEN):
        again = api("POST", f"/sessions/{lesson['id']}/attendances", {"cadre_id": cadre_id})
        assert problem(again) == (409, "already-recorded", "#/cadre_id")
        assert again.json["existing"] == there["id"]


def test_a_chain_of_merges_ends_at_the_last_and_comes_apart_again(api: Api, database: Database) -> None:
    lesson = api.held_session()
    for cadre_id in (LIN, CHEN, WANG):
        api.attended(lesson["id"], cadre_id)
    merge(database, CHEN, LIN)
    merge(database, LIN, WANG)
    assert standing(api) == {(lesson["id"], WANG)}
    second = api.held_session(title="第二讲")
    assert api.attended(second["id"], CHEN)["cadre_id"] == WANG
    undo(database, LIN, WANG)
    assert {cadre for owner, cadre in standing(api) if owner == lesson["id"]} in ({WANG, LIN}, {WANG, CHEN})
    assert len([1 for owner, _ in standing(api) if owner == lesson["id"]]) == 2
    undo(database, CHEN, LIN)
    assert {cadre for owner, cadre in standing(api) if owner == lesson["id"]} == {LIN, CHEN, WANG}


def test_the_two_merges_of_a_chain_may_come_at_once(api: Api, database: Database) -> None:
    lesson = api.held_session()
    for cadre_id in (LIN, CHEN, WANG):
        api.attended(lesson["id"], cadre_id)
    read(database, cadre_event("merged", CHEN, version=2, into=LIN), cadre_event("merged", LIN, version=2, into=WANG))
    assert standing(api) == {(lesson["id"], WANG)}


def test_what_somebody_voided_is_not_brought_back_by_its_double_nor_lost_by_the_undoing(
    api: Api, database: Database
) -> None:
    lesson = api.held_session()
    mine = api.attended(lesson["id"], LIN)
    api.attended(lesson["id"], CHEN)
    merge(database, CHEN, LIN)
    api("POST", f"/attendances/{mine['id']}/void", {"reason": "entered-in-error"})
    read(database, cadre_event("amended", LIN, version=5))
    assert standing(api) == set()
    undo(database, CHEN, LIN)
    assert standing(api) == {(lesson["id"], CHEN)}


def test_a_double_that_was_set_aside_follows_its_session_all_the_same(api: Api, database: Database) -> None:
    lesson = api.held_session()
    for cadre_id in (LIN, CHEN):
        api.attended(lesson["id"], cadre_id)
    merge(database, CHEN, LIN)
    api.amend(f"/sessions/{lesson['id']}", held_on="2022-06-01")
    undo(database, CHEN, LIN)
    days = {item["attended_on"] for item in api("GET", "/attendances?state=recorded").json["items"]}
    assert days == {"2022-06-01"}
    assert len(standing(api)) == 2


def test_an_undoing_does_not_bring_back_the_attendance_of_a_session_that_was_cancelled(
    api: Api, database: Database
) -> None:
    lesson = api.held_session()
    for cadre_id in (LIN, CHEN):
        api.attended(lesson["id"], cadre_id)
    merge(database, CHEN, LIN)
    api("POST", f"/sessions/{lesson['id']}/cancel", {"reason": "entered-in-error"})
    undo(database, CHEN, LIN)
    assert standing(api) == set()


def test_alike_works_of_both_numbers_are_listed_until_one_is_withdrawn_or_the_merge_is_undone(
    api: Api, database: Database
) -> None:
    poem = {"genre": "poem", "title": "七律·望江", "collected_on": "2022-05-10"}
    first, second = (api.made("/works", **poem, cadre_id=cadre_id) for cadre_id in (LIN, CHEN))
    assert api.contradictions() == []
    merge(database, CHEN, LIN)
    [(kind, at_fault)] = api.contradictions()
    assert (kind, at_fault in (first["id"], second["id"])) == ("entered-twice", True)
    undo(database, CHEN, LIN)
    assert api.contradictions() == []
    merge(database, CHEN, LIN, version=4)
    assert len(api.contradictions()) == 1
    api("POST", f"/works/{second['id']}/withdraw", {"reason": "duplicate"})
    assert api.contradictions() == []


def test_a_file_from_before_a_merge_changes_nothing_after_it_nor_after_its_undoing(database: Database) -> None:
    lesson = {"session_no": "CC-1", "title": "第一讲", "programme": "online", "held_on": DAY, "host": "centre"}
    sheets: dict[str, list[dict[str, Any]]] = {
        "sessions": [{**lesson, "state": "held"}],
        "attendances": [{"session_no": "CC-1", "cadre_id": number} for number in ("G0001", "G0002")],
        "works": [{"work_no": "ZP-1", "cadre_id": "G0002", "genre": "poem", "collected_on": DAY}],
    }
    load(database, **sheets)
    for happen in (merge, undo):
        happen(database, CHEN, LIN)
        before = len(events(database))
        loaded = load(database, **sheets)
        assert (loaded["attendances"], loaded["works"]) == ((0, 2), (0, 1))
        assert len(events(database)) == before


def test_a_file_that_came_during_a_merge_changes_nothing_after_its_undoing(api: Api, database: Database) -> None:
    lesson = {"session_no": "CC-1", "title": "第一讲", "programme": "online", "held_on": DAY, "host": "centre"}
    sheets = {
        "sessions": [{**lesson, "state": "held"}],
        "attendances": [{"session_no": "CC-1", "cadre_id": number} for number in ("G0001", "G0002")],
    }
    merge(database, CHEN, LIN)
    assert load(database, **sheets)["attendances"] == (1, 1)
    undo(database, CHEN, LIN)
    assert load(database, **sheets)["attendances"] == (0, 2)


def test_what_the_api_recorded_before_a_merge_is_known_to_a_later_file(api: Api, database: Database) -> None:
    api.made("/works", work_no="ZP-1", genre="poem", collected_on="2022-05-10", cadre_id=CHEN)
    merge(database, CHEN, LIN)
    works = [{"work_no": "ZP-1", "cadre_id": "G0001", "genre": "poem", "collected_on": DAY}]
    assert load(database, works=works)["works"] == (0, 1)


def test_a_list_of_one_person_has_what_is_under_either_number(api: Api, database: Database) -> None:
    lesson, second = api.held_session(), api.held_session(title="第二讲")
    api.attended(lesson["id"], CHEN)
    api.attended(second["id"], LIN)
    merge(database, CHEN, LIN)
    for cadre_id in (LIN, CHEN):
        assert len(api("GET", f"/attendances?cadre_id={cadre_id}").json["items"]) == 2


ACTS = st.one_of(
    st.tuples(st.sampled_from(["record", "void"]), st.integers(0, 3), st.integers(0, 1)),
    st.tuples(st.just("merge"), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("undo"), st.integers(0, 3), st.just(0)),
)


class Story:
    """What happens to four cadres and two sessions, and what would stand if nobody had ever been merged."""

    def __init__(self) -> None:
        self.database = new_database()
        self.numbers = [f"G000{number}" for number in range(4)]
        add_cadres(self.database, *self.numbers)
        self.cadres = [entity_id("cadre", number) for number in self.numbers]
        self.api = Api(self.database)
        self.sessions = [self.api.held_session(title=title)["id"] for title in ("甲", "乙")]
        self.into: dict[int, int] = {}
        self.version = 1
        self.meant: set[tuple[str, str]] = set()

    def act(self, verb: str, one: int, other: int) -> None:
        getattr(self, verb)(one, other)

    def survivor(self, cadre: int) -> int:
        while cadre in self.into:
            cadre = self.into[cadre]
        return cadre

    def record(self, cadre: int, session: int) -> None:
        body = {"cadre_id": self.cadres[cadre]}
        if self.api("POST", f"/sessions/{self.sessions[session]}/attendances", body).status_code == 201:
            self.meant.add((self.sessions[session], self.cadres[self.survivor(cadre)]))

    def void(self, cadre: int, session: int) -> None:
        entry = entity_id("attendance", self.sessions[session], self.cadres[cadre])
        if self.api("POST", f"/attendances/{entry}/void", {"reason": "entered-in-error"}).status_code == 200:
            self.meant.discard((self.sessions[session], self.cadres[cadre]))

    def merge(self, vanished: int, into: int) -> None:
        if vanished not in self.into and into not in self.into and vanished != into:
            self.into[vanished] = into
            self.version += 1
            merge(self.database, self.cadres[vanished], self.cadres[into], self.version)

    def undo(self, cadre: int, _other: int = 0) -> None:
        if cadre in self.into:
            self.version += 1
            undo(self.database, self.cadres[cadre], self.cadres[self.into.pop(cadre)], self.version)


@settings(max_examples=60)
@given(st.lists(ACTS, max_size=14))
def test_a_person_counts_once_whatever_happens_and_all_comes_apart_again(acts: list[tuple[str, int, int]]) -> None:
    story = Story()
    for each in acts:
        story.act(*each)
        persons = [(owner, story.survivor(story.cadres.index(cadre_id))) for owner, cadre_id in standing(story.api)]
        assert len(persons) == len(set(persons))
    for cadre in range(4):
        story.undo(cadre)
    assert standing(story.api) == story.meant
    assert sorted(filter(None, facts(story.database).values())) == sorted(cadre_id for _, cadre_id in story.meant)


def test_a_row_of_either_number_is_the_entry_that_the_api_made_before_the_merge(api: Api, database: Database) -> None:
    lesson = api.held_session(session_no="CC-1", title="第一讲")
    api.attended(lesson["id"], CHEN)
    merge(database, CHEN, LIN)
    row = {"session_no": "CC-1", "title": "第一讲", "programme": "online", "held_on": DAY, "host": "centre"}
    attendances = [{"session_no": "CC-1", "cadre_id": number} for number in ("G0001", "G0002")]
    loaded = load(database, sessions=[{**row, "state": "held"}], attendances=attendances)
    assert loaded["attendances"] == (0, 2)
    assert standing(api) == {(lesson["id"], CHEN)}
