"""Activities' locks: a session or batch and who is put down for it, a cadre of whom the registry says something new,
a roster and its drive, and a row of a workbook and its record.
"""

from __future__ import annotations

import pytest

from hongxia.ids import entity_id
from hongxia.workbook.reconcile import NotLoadable
from services.activities.app import ActivitiesService
from services.activities.cadres import follow
from tests.races.conftest import NewRace
from tests.races.kit import Race
from tests.unit.activities_builders import CHEN, LIN, Api, a_year, add_cadres, cadre_event, load, read, work

SESSION = entity_id("session", 2022, "CC-1")
THIRD = entity_id("session", 2022, "CC-3")
BATCH = entity_id("health-check", 2022, "TJ-01")
DRIVE = entity_id("drive", 2022, "JZ-1")
PICTURE = entity_id("work", 2022, "ZP-2")


def a_loaded_year(new_race: NewRace) -> tuple[Race, Api]:
    """A race of a year with two cadres."""
    race = new_race(ActivitiesService)
    add_cadres(race.database, "G0001", "G0002")
    load(race.database, **a_year())
    return race, Api(race.database)


def attendance_of(api: Api, cadre_id: str, session_id: str = SESSION) -> str:
    """The path of the entry of a cadre's number at a session."""
    return f"/attendances/{entity_id('attendance', session_id, cadre_id)}"


@pytest.mark.lock("services.activities.presence.routes:routes_of_presence")
def test_nobody_is_put_down_for_a_session_that_is_just_being_cancelled(new_race: NewRace) -> None:
    race, api = a_loaded_year(new_race)
    answers = race.between(
        lambda: api("POST", f"/sessions/{THIRD}/attendances", {"cadre_id": LIN}).status_code,
        lambda: api("POST", f"/sessions/{THIRD}/cancel", {"reason": "other"}).status_code,
        after="FROM session WHERE",
    )
    assert answers == (201, 200)
    assert api("GET", attendance_of(api, LIN, THIRD)).json["state"] == "voided"


@pytest.mark.lock("services.activities.presence.routes:routes_of_presence")
def test_nobody_is_put_down_for_a_batch_that_is_just_being_voided(new_race: NewRace) -> None:
    race, api = a_loaded_year(new_race)
    answers = race.between(
        lambda: api("POST", f"/health-checks/{BATCH}/checks", {"cadre_id": CHEN}).status_code,
        lambda: api("POST", f"/health-checks/{BATCH}/void", {"reason": "other"}).status_code,
        after="FROM health_check WHERE",
    )
    assert answers == (201, 200)
    assert api("GET", f"/checks/{entity_id('check', BATCH, CHEN)}").json["state"] == "voided"


@pytest.mark.lock("hongxia.mirror:Mirror.lock_all")
def test_a_death_that_comes_while_a_session_is_recorded_finds_its_attendance(new_race: NewRace) -> None:
    race, api = a_loaded_year(new_race)
    body = {"programme": "college", "title": "新的一讲", "session_no": "CC-9", "held_on": "2022-05-20"}
    more = {"host": "centre", "state": "held", "attendances": [{"cadre_id": LIN}]}
    race.between(
        lambda: api("POST", "/sessions", {**body, **more}, Idempotency_Key="one").status_code,
        lambda: read(race.database, cadre_event("deceased", LIN, version=2, deceased_on="2022-05-15")),
        after="FROM cadre WHERE cadre.id IN",
    )
    entry = entity_id("attendance", entity_id("session", 2022, "CC-9"), LIN)
    assert ("cadre-deceased", entry) in api.contradictions()


@pytest.mark.lock("services.activities.presence.rules:lock_before")
def test_a_death_that_comes_while_an_attendance_moves_finds_its_new_day(new_race: NewRace) -> None:
    race, api = a_loaded_year(new_race)
    race.between(
        lambda: api.amend(attendance_of(api, LIN), attended_on="2022-05-20").status_code,
        lambda: read(race.database, cadre_event("deceased", LIN, version=2, deceased_on="2022-05-15")),
        after="FROM session WHERE",
    )
    assert ("cadre-deceased", attendance_of(api, LIN).rsplit("/", 1)[-1]) in api.contradictions()


@pytest.mark.lock("services.activities.presence.rules:lock_before")
def test_an_attendance_is_voided_under_the_programme_that_its_session_has(new_race: NewRace) -> None:
    """While the register is read from its beginning no cadre is known: nothing but the session keeps them apart."""
    race, api = a_loaded_year(new_race)
    with work(race.database) as session:
        follow.clear(session, "registry")
    answers = race.between(
        lambda: api("POST", f"{attendance_of(api, LIN)}/void", {"reason": "other"}).status_code,
        lambda: api.amend(f"/sessions/{SESSION}", programme="college").status_code,
        after="FROM session WHERE",
    )
    assert answers == (200, 200)


@pytest.mark.lock("services.activities.presence.merging:settle")
def test_nobody_is_brought_back_to_a_session_that_is_just_being_cancelled(new_race: NewRace) -> None:
    race, api = a_loaded_year(new_race)
    read(race.database, cadre_event("merged", CHEN, version=2, into=LIN))  # sets aside what Chen attended
    assert api("POST", f"{attendance_of(api, LIN)}/void", {"reason": "other"}).status_code == 200
    race.between(
        lambda: read(race.database, cadre_event("merge-undone", CHEN, version=3)),
        lambda: api("POST", f"/sessions/{SESSION}/cancel", {"reason": "other"}).status_code,
        after="FROM session WHERE session.id IN",
    )
    assert api("GET", attendance_of(api, CHEN)).json["state"] == "voided"


@pytest.mark.lock("services.activities.rosters.routes:RosterRoutes.record_roster")
def test_a_roster_is_not_recorded_in_a_drive_that_is_just_being_voided(new_race: NewRace) -> None:
    race, api = a_loaded_year(new_race)
    body = {"on": "2022-04-14", "attended": 3, "vaccinated": 3, "unit": api.unit("区教育局")}
    answers = race.between(
        lambda: api("POST", f"/drives/{DRIVE}/rosters", body).status_code,
        lambda: api("POST", f"/drives/{DRIVE}/void", {"reason": "other"}).status_code,
        after="FROM drive WHERE",
    )
    assert answers == (201, 200)
    assert {roster["state"] for roster in api("GET", "/rosters").json["items"]} == {"voided"}


@pytest.mark.lock("services.activities.rosters.routes:_lock_drive")
def test_a_roster_is_not_amended_in_a_drive_that_is_just_being_voided(new_race: NewRace) -> None:
    race, api = a_loaded_year(new_race)
    roster = api("GET", "/rosters").json["items"][0]["id"]
    answers = race.between(
        lambda: api.amend(f"/rosters/{roster}", attended=20).status_code,
        lambda: api("POST", f"/drives/{DRIVE}/void", {"reason": "other"}).status_code,
        after="FROM drive WHERE",
    )
    assert answers == (200, 200)


@pytest.mark.lock("services.activities.rows:ActivityRows.kept")
def test_a_record_is_not_amended_while_a_row_is_held_against_it(new_race: NewRace) -> None:
    race, api = a_loaded_year(new_race)
    changed = a_year()
    changed["works"][1]["title"] = "红棉迎春"

    def bring() -> object:
        try:
            return load(race.database, confirm=True, **changed)
        except NotLoadable as error:
            return [finding.message_zh for finding in error.findings]

    def amend() -> int:
        body = {"title": "红棉", "reason": "correction"}
        return api("PATCH", f"/works/{PICTURE}", body, If_Match='"1"').status_code

    race.between(bring, amend, after=r"FROM work WHERE work\.id IN")
    assert api("GET", f"/works/{PICTURE}").json["title"] == "红棉迎春"
