"""Sessions and attendance: what may become of a session, who may have attended it, and what follows a correction."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hongxia.database import Database
from hongxia.ids import entity_id
from tests.unit.activities_builders import (
    CHEN,
    LIN,
    NOBODY,
    Api,
    add_cadres,
    cadre_event,
    events,
    new_database,
    problem,
    read,
    types,
)
from tests.unit.away_builders import away


@pytest.fixture
def database() -> Database:
    database = new_database()
    add_cadres(database, "G0001", "G0002")
    add_cadres(database, "G0003", deceased_on=date(2022, 6, 1))
    return database


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


LESSON = {"programme": "online", "title": "线上第一讲", "held_on": "2022-05-10", "host": "centre"}


def test_a_session_is_scheduled_then_held_then_cancelled(api: Api, database: Database) -> None:
    session = api.made("/sessions", **LESSON)
    path = f"/sessions/{session['id']}"
    assert (session["state"], session["version"]) == ("scheduled", 1)
    held = api("POST", f"{path}/hold", {"others_count": 3}).json
    assert (held["state"], held["version"], held["others_count"]) == ("held", 2, 3)
    cancelled = api("POST", f"{path}/cancel", {"reason": "entered-in-error"}).json
    assert (cancelled["state"], cancelled["void_reason"], cancelled["others_count"]) == (
        "cancelled",
        "entered-in-error",
        0,
    )
    assert types(database) == ["session.scheduled", "session.held", "session.cancelled"]
    assert [event["data"]["state"] for _, event in events(database)] == ["scheduled", "held", "cancelled"]
    assert {event["occurredon"] for _, event in events(database)} == {"2022-05-10"}


@pytest.mark.parametrize("verb", ["hold", "cancel"])
def test_what_was_cancelled_stays_cancelled(api: Api, verb: str) -> None:
    session = api.made("/sessions", **LESSON)
    api("POST", f"/sessions/{session['id']}/cancel", {"reason": "weather"})
    body = {"reason": "weather"} if verb == "cancel" else {}
    assert problem(api("POST", f"/sessions/{session['id']}/{verb}", body))[:2] == (409, "wrong-state")
    assert problem(api.amend(f"/sessions/{session['id']}", title="又一讲"))[:2] == (409, "wrong-state")


def test_a_session_that_was_held_is_not_held_again(api: Api) -> None:
    session = api.held_session()
    assert problem(api("POST", f"/sessions/{session['id']}/hold", {}))[:2] == (409, "wrong-state")


@pytest.mark.parametrize(
    ("changes", "slug", "pointer"),
    [
        ({"state": "held", "held_on": "2023-01-11"}, "date-in-future", "#/held_on"),
        ({"held_on": "2026-01-01"}, "date-too-far", "#/held_on"),
        ({"held_on": "1989-12-31"}, "date-too-early", "#/held_on"),
        ({"programme": "research"}, "research-without-topic", "#/topic"),
        ({"others_count": 3}, "others-without-session", "#/others_count"),
        ({"programme": "dancing"}, "invalid", "#/programme"),
        ({"held_on": "10 May"}, "invalid", "#/held_on"),
        ({"others_count": "3"}, "invalid", "#/others_count"),
        ({"others_count": -1}, "invalid", "#/others_count"),
        ({"state": "cancelled"}, "invalid", "#/state"),
        ({"title": "  "}, "invalid", "#/title"),
        ({"colour": "red"}, "invalid", "#/colour"),
    ],
)
def test_a_session_that_can_not_be_is_refused_and_nothing_is_kept(
    api: Api, database: Database, changes: dict[str, Any], slug: str, pointer: str
) -> None:
    assert problem(api.post("/sessions", **{**LESSON, **changes})) == (422, slug, pointer)
    assert types(database) == []
    assert api("GET", "/sessions").json["items"] == []


def test_a_session_planned_for_next_month_can_not_be_held_yet(api: Api) -> None:
    session = api.made("/sessions", **{**LESSON, "held_on": "2023-02-10"})
    path = f"/sessions/{session['id']}/hold"
    assert problem(api("POST", path, {})) == (422, "date-in-future", "#/held_on")
    assert api("POST", path, {"held_on": "2023-01-09"}).json["held_on"] == "2023-01-09"


def test_a_number_is_given_once_a_year(api: Api) -> None:
    api.held_session(session_no="CC-0001")
    again = api("POST", "/sessions", {**LESSON, "session_no": "CC-0001"})
    assert problem(again) == (409, "session-exists", "#/session_no")
    assert api.held_session(session_no="CC-0001", held_on="2021-05-10")["version"] == 1


def test_a_session_is_held_together_with_those_who_attended(api: Api, database: Database) -> None:
    session = api.made("/sessions", **LESSON)
    attendances = [{"cadre_id": LIN}, {"cadre_id": CHEN, "attended_on": "2022-05-12"}]
    assert api("POST", f"/sessions/{session['id']}/hold", {"attendances": attendances}).status_code == 200
    assert types(database) == ["session.scheduled", "session.held", "attendance.recorded", "attendance.recorded"]
    first, second = [event for name, event in events(database) if name == "attendance.recorded"]
    assert first["data"] == {
        "session_id": session["id"],
        "cadre_id": LIN,
        "programme": "online",
        "attended_on": "2022-05-10",
    }
    assert second["occurredon"] == second["data"]["attended_on"] == "2022-05-12"


def test_one_attendance_that_can_not_be_refuses_the_whole_session(api: Api, database: Database) -> None:
    attendances = [{"cadre_id": LIN}, {"cadre_id": NOBODY}]
    refused = api.post("/sessions", **LESSON, state="held", attendances=attendances)
    assert problem(refused) == (422, "unknown-cadre", "#/attendances/1/cadre_id")
    assert types(database) == []


@pytest.mark.parametrize(
    ("who", "day", "status", "slug", "pointer"),
    [
        (LIN, "2022-05-09", 422, "attendance-before-session", "#/attended_on"),
        (LIN, "2023-01-11", 422, "date-in-future", "#/attended_on"),
        (NOBODY, None, 422, "unknown-cadre", "#/cadre_id"),
        ("G0001", None, 422, "invalid", "#/cadre_id"),
    ],
)
def test_an_attendance_that_can_not_be_is_refused(
    api: Api, database: Database, who: str, day: str | None, status: int, slug: str, pointer: str
) -> None:
    session = api.held_session()
    body = {"cadre_id": who, **({"attended_on": day} if day else {})}
    assert problem(api("POST", f"/sessions/{session['id']}/attendances", body)) == (status, slug, pointer)
    assert types(database) == ["session.held"]


def test_a_cadre_attends_on_the_day_of_death_and_not_after_it(api: Api, database: Database) -> None:
    add_cadres(database, "G0004", deceased_on=date(2022, 5, 10))
    add_cadres(database, "G0005", deceased_on=date(2022, 5, 9))
    session = api.held_session()
    api.attended(session["id"], entity_id("cadre", "G0004"))
    late = api("POST", f"/sessions/{session['id']}/attendances", {"cadre_id": entity_id("cadre", "G0005")})
    assert problem(late) == (422, "cadre-deceased", "#/cadre_id")


def test_a_cadre_attends_a_session_once(api: Api) -> None:
    session = api.held_session()
    api.attended(session["id"], LIN)
    again = api("POST", f"/sessions/{session['id']}/attendances", {"cadre_id": LIN, "attended_on": "2022-05-11"})
    assert problem(again) == (409, "already-recorded", "#/cadre_id")


@pytest.mark.parametrize("state", ["scheduled", "cancelled"])
def test_nobody_attends_a_session_that_was_not_held(api: Api, state: str) -> None:
    session = api.made("/sessions", **LESSON)
    if state == "cancelled":
        api("POST", f"/sessions/{session['id']}/cancel", {"reason": "epidemic"})
    refused = api("POST", f"/sessions/{session['id']}/attendances", {"cadre_id": LIN})
    assert problem(refused)[:2] == (409, "wrong-state")


def test_an_attendance_that_was_voided_can_be_recorded_again(api: Api, database: Database) -> None:
    session = api.held_session()
    attendance = api.attended(session["id"], LIN)
    path = f"/attendances/{attendance['id']}"
    voided = api("POST", f"{path}/void", {"reason": "entered-in-error"}).json
    assert (voided["state"], voided["void_reason"]) == ("voided", "entered-in-error")
    assert problem(api("POST", f"{path}/void", {"reason": "duplicate"}))[:2] == (409, "wrong-state")
    assert problem(api.amend(path, attended_on="2022-05-11"))[:2] == (409, "wrong-state")
    again = api.attended(session["id"], LIN, attended_on="2022-05-11")
    assert (again["id"], again["version"], again["void_reason"]) == (attendance["id"], 3, None)
    assert types(database)[1:] == ["attendance.recorded", "attendance.voided", "attendance.recorded"]


def test_the_date_of_an_attendance_is_corrected_by_the_same_rules(api: Api, database: Database) -> None:
    session = api.held_session()
    path = f"/attendances/{api.attended(session['id'], LIN)['id']}"
    assert problem(api.amend(path, attended_on="2022-05-01"))[1:] == ("attendance-before-session", "#/attended_on")
    assert api.amend(path, attended_on="2022-05-12").json["attended_on"] == "2022-05-12"
    assert api.amend(path, attended_on="2022-05-12").json["version"] == 2
    assert types(database) == ["session.held", "attendance.recorded", "attendance.amended"]


def test_a_cancelled_session_takes_its_attendance_with_it(api: Api, database: Database) -> None:
    session = api.held_session()
    attendance = api.attended(session["id"], LIN)
    api("POST", f"/sessions/{session['id']}/cancel", {"reason": "entered-in-error"})
    now = api("GET", f"/attendances/{attendance['id']}").json
    assert (now["state"], now["void_reason"]) == ("voided", "session-cancelled")
    assert types(database)[-2:] == ["session.cancelled", "attendance.voided"]


def test_attendance_follows_the_date_and_the_programme_of_its_session(api: Api, database: Database) -> None:
    session = api.held_session()
    api.attended(session["id"], LIN)
    later = api.attended(session["id"], CHEN, attended_on="2022-05-20")
    before = len(types(database))
    assert api.amend(f"/sessions/{session['id']}", held_on="2022-05-12").status_code == 200
    moved = events(database)[before:]
    assert [name for name, _ in moved] == ["session.amended", "attendance.amended"]
    assert [(event["data"]["changed"], event["data"]["reason"]) for _, event in moved] == [
        (["held_on"], "correction"),
        (["attended_on"], "followed"),
    ]
    assert moved[1][1]["data"]["cadre_id"] == LIN
    assert moved[1][1]["data"]["attended_on"] == moved[1][1]["occurredon"] == "2022-05-12"
    assert api("GET", f"/attendances/{later['id']}").json["attended_on"] == "2022-05-20"
    before += len(moved)
    api.amend(f"/sessions/{session['id']}", programme="college")
    followed = events(database)[before:]
    assert [name for name, _ in followed] == ["session.amended", "attendance.amended", "attendance.amended"]
    assert {event["data"]["programme"] for _, event in followed} == {"college"}
    assert {event["data"]["attended_on"] for _, event in followed[1:]} == {"2022-05-12", "2022-05-20"}


def test_other_corrections_leave_the_attendance_alone(api: Api, database: Database) -> None:
    session = api.held_session()
    api.attended(session["id"], LIN)
    api.amend(f"/sessions/{session['id']}", title="线上第二讲", venue="礼堂")
    assert types(database)[-1] == "session.amended"
    again = api.amend(f"/sessions/{session['id']}", title="线上第二讲")
    assert again.json["version"] == 2
    assert types(database).count("session.amended") == 1


def test_a_session_can_not_move_to_where_its_attendance_can_not_follow(api: Api, database: Database) -> None:
    session = api.held_session()
    path = f"/sessions/{session['id']}"
    api.attended(session["id"], entity_id("cadre", "G0003"))
    assert problem(api.amend(path, held_on="2022-06-02")) == (422, "cadre-deceased", "#/held_on")
    api.attended(session["id"], LIN, attended_on="2022-05-11")
    assert problem(api.amend(path, held_on="2022-05-12")) == (422, "attendance-before-session", "#/held_on")
    assert api("GET", path).json["held_on"] == "2022-05-10"


def test_a_correction_is_of_the_version_that_was_read(api: Api) -> None:
    path = f"/sessions/{api.held_session()['id']}"
    assert problem(api("PATCH", path, {"title": "二"}))[:2] == (428, "version-required")
    assert api("PATCH", path, {"title": "二"}, If_Match='"1"').headers["ETag"] == '"2"'
    assert problem(api("PATCH", path, {"title": "三"}, If_Match='"1"'))[:2] == (412, "version-changed")
    stale = api("POST", f"{path}/cancel", {"reason": "other"}, If_Match='"1"')
    assert problem(stale)[:2] == (412, "version-changed")


def test_the_centre_writes_and_the_office_reads(api: Api) -> None:
    path = f"/sessions/{api.held_session()['id']}"
    assert api("GET", path, role="office").status_code == 200
    assert problem(api("POST", "/sessions", LESSON, role="office"))[:2] == (403, "forbidden")
    assert problem(api("GET", path, role="accountant"))[:2] == (403, "forbidden")


def test_lists_are_filtered_and_paged_by_date(api: Api) -> None:
    for day in ("2022-05-12", "2022-05-10", "2022-05-11"):
        api.attended(api.held_session(held_on=day, programme="college")["id"], LIN)
    api.held_session(held_on="2022-05-13")
    first = api("GET", "/sessions?programme=college&limit=2").json
    rest = api("GET", f"/sessions?programme=college&limit=2&cursor={first['next_cursor']}").json
    found = [session["held_on"] for session in (*first["items"], *rest["items"])]
    assert found == ["2022-05-10", "2022-05-11", "2022-05-12"]
    assert rest["next_cursor"] is None
    some = api("GET", f"/attendances?cadre_id={LIN}&since=2022-05-11&until=2022-05-11&state=recorded").json["items"]
    assert [attendance["attended_on"] for attendance in some] == ["2022-05-11"]
    of_session = api("GET", f"/attendances?session_id={some[0]['session_id']}").json["items"]
    assert of_session == some


def test_where_a_record_can_be_read_is_told(api: Api) -> None:
    made = api.post("/sessions", **LESSON, state="held")
    assert made.headers["Location"] == f"sessions/{made.json['id']}"
    attended = api("POST", f"/sessions/{made.json['id']}/attendances", {"cadre_id": LIN})
    assert attended.headers["Location"] == f"../../attendances/{attended.json['id']}"
    assert problem(api("GET", f"/sessions/{LIN}"))[:2] == (404, "unknown-session")
    assert problem(api("POST", f"/sessions/{LIN}/attendances", {"cadre_id": LIN}))[:2] == (404, "unknown-session")


def test_the_same_request_sent_twice_is_done_once(api: Api, database: Database) -> None:
    first = api("POST", "/sessions", LESSON, Idempotency_Key="k1")
    second = api("POST", "/sessions", LESSON, Idempotency_Key="k1")
    assert second.json == first.json
    assert types(database) == ["session.scheduled"]


def test_an_amendment_of_nothing_is_refused(api: Api) -> None:
    session = api.held_session()
    attendance = api.attended(session["id"], LIN)
    for path in (f"/sessions/{session['id']}", f"/attendances/{attendance['id']}"):
        assert problem(api.amend(path))[:2] == (422, "nothing-to-change")
        assert api("GET", path).json["version"] == 1


def test_an_amendment_says_what_changed_and_why(api: Api, database: Database) -> None:
    path = f"/sessions/{api.held_session()['id']}"
    assert (
        api.amend(path, title="线上第二讲", venue="礼堂", host="centre", reason="late-information").status_code == 200
    )
    data = events(database)[-1][1]["data"]
    assert (data["changed"], data["reason"], data["title"]) == (["title", "venue"], "late-information", "线上第二讲")
    assert problem(api.amend(path, title="三", reason="mood"))[:2] == (422, "invalid")
    assert problem(api.amend(path, session_no="CC-9"))[:2] == (422, "invalid")


def test_an_attendance_of_before_the_registration_or_of_a_time_elsewhere_is_refused(
    api: Api, database: Database
) -> None:
    session = api.held_session()
    path = f"/sessions/{session['id']}/attendances"
    read(database, cadre_event("amended", LIN, version=2, registered_on="2022-05-11"))
    read(database, cadre_event("transferred", CHEN, version=2, away=away("2022-05-01", "2022-05-11")))
    early = api("POST", path, {"cadre_id": LIN})
    assert problem(early) == (422, "before-registration", "#/attended_on")
    assert "2022-05-10" in early.json["detail"] and "2022-05-11" in early.json["detail"]
    assert problem(api("POST", path, {"cadre_id": CHEN})) == (422, "cadre-transferred", "#/cadre_id")
    assert api("POST", path, {"cadre_id": CHEN, "attended_on": "2022-05-11"}).status_code == 201


@pytest.mark.parametrize("field", ["title", "topic", "venue", "session_no"])
def test_texts_are_cleaned_before_they_are_kept_or_published(api: Api, field: str) -> None:
    assert api.held_session(**{field: "　基层　党建\t"})[field] == "基层 党建"
    for wrong in ("党\u202e建", "党\n建", "党\u200b建", "　", "\ufffd"):
        assert problem(api.post("/sessions", **{**LESSON, field: wrong})) == (422, "invalid", f"#/{field}")
