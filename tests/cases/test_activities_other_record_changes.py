"""When the other record changes: a death learnt late, a registration moved, a transfer, a session on another day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hongxia.database import Database
from tests.unit.activities_builders import CHEN, LIN, Api, add_cadres, cadre_event, events, new_database, problem, read
from tests.unit.away_builders import away

LATER = {"held_on": "2022-08-15"}


@pytest.fixture
def database() -> Database:
    database = new_database()
    add_cadres(database, "G0001", "G0002")
    return database


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


def happened(database: Database, what: str, version: int, cadre_id: str = LIN, **data: Any) -> None:
    read(database, cadre_event(what, cadre_id, version=version, **data))


def test_attendance_after_a_death_that_is_learnt_later_is_listed_and_published(api: Api, database: Database) -> None:
    late, early = api.held_session(**LATER), api.held_session(held_on="2022-08-09", title="此前")
    at_fault = api.attended(late["id"], LIN)
    api.attended(early["id"], LIN)
    api.attended(late["id"], CHEN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    assert api.contradictions() == [("cadre-deceased", at_fault["id"])]
    name, event = events(database)[-1]
    assert name == "contradiction.found"
    assert (event["data"]["record"], event["data"]["scope"], event["data"]["on"]) == ("attendances", LIN, "2022-08-15")


def test_a_check_after_a_death_that_is_learnt_later_is_listed(api: Api, database: Database) -> None:
    batch = api.made("/health-checks", held_on="2022-08-15", hospital="区中心医院")
    check = api.made(f"/health-checks/{batch['id']}/checks", cadre_id=LIN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    assert api.contradictions() == [("cadre-deceased", check["id"])]


def test_a_work_after_a_death_is_listed_until_it_is_said_that_the_family_handed_it_in(
    api: Api, database: Database
) -> None:
    work = api.made("/works", genre="poem", collected_on="2022-08-15", cadre_id=LIN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    assert api.contradictions() == [("cadre-deceased", work["id"])]
    api.amend(f"/works/{work['id']}", by_family=True)
    assert api.contradictions() == []


VOIDING: list[Callable[[Api, dict[str, Any], dict[str, Any]], Any]] = [
    lambda api, _session, entry: api("POST", f"/attendances/{entry['id']}/void", {"reason": "wrong-subject"}),
    lambda api, session, _entry: api("POST", f"/sessions/{session['id']}/cancel", {"reason": "entered-in-error"}),
    lambda api, session, _entry: api.amend(f"/sessions/{session['id']}", held_on="2022-08-08"),
]


@pytest.mark.parametrize("mend", VOIDING, ids=["voided", "cancelled", "moved"])
def test_a_contradiction_is_gone_when_the_record_is_mended(
    api: Api, database: Database, mend: Callable[[Api, dict[str, Any], dict[str, Any]], Any]
) -> None:
    session = api.held_session(**LATER)
    entry = api.attended(session["id"], LIN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    assert mend(api, session, entry).status_code == 200
    assert api.contradictions() == []
    assert api.contradictions("resolved") == [("cadre-deceased", entry["id"])]


def test_a_contradiction_is_gone_when_the_death_is_withdrawn_or_its_date_corrected(
    api: Api, database: Database
) -> None:
    api.attended(api.held_session(**LATER)["id"], LIN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    happened(database, "amended", 3, deceased_on="2022-08-15")
    assert api.contradictions() == []
    happened(database, "amended", 4, deceased_on="2022-08-14")
    assert len(api.contradictions()) == 1
    happened(database, "death-withdrawn", 5)
    assert api.contradictions() == []


def test_a_contradiction_that_somebody_has_explained_stays_explained(api: Api, database: Database) -> None:
    api.attended(api.held_session(**LATER)["id"], LIN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    [found] = api("GET", "/contradictions").json["items"]
    explained = api("POST", f"/contradictions/{found['id']}/explain", {"explanation": "考勤表日期经核对无误，待查"})
    assert explained.json["state"] == "explained"
    assert "核对" not in str(events(database)[-1])
    happened(database, "amended", 3, deceased_on="2022-08-09")
    assert api.contradictions("explained") and not api.contradictions()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"registered_on": "2022-09-01"}, "before-registration"),
        ({"away": away("2022-08-01")}, "cadre-transferred"),
        ({"away": away("2022-08-01", "2022-08-16")}, "cadre-transferred"),
        ({"away": away("2022-08-01", "2022-08-15")}, None),
        ({"away": away("2022-08-16")}, None),
        ({"registered_on": "2022-08-15"}, None),
    ],
)
def test_what_a_rule_forbids_from_one_side_is_found_from_the_other(change: dict[str, str], kind: str | None) -> None:
    """The same records, in both orders: refused if the rule is known first, listed if it is learnt later."""
    first, later = new_database(), new_database()
    for database in (first, later):
        add_cadres(database, "G0001")
    happened(first, "amended", 2, **change)
    refused = Api(first)
    session = refused.held_session(**LATER)
    answer = refused("POST", f"/sessions/{session['id']}/attendances", {"cadre_id": LIN})
    api = Api(later)
    entry = api.attended(api.held_session(**LATER)["id"], LIN)
    happened(later, "amended", 2, **change)
    if kind is None:
        assert answer.status_code == 201
        assert api.contradictions() == []
    else:
        assert problem(answer)[:2] == (422, kind)
        assert api.contradictions() == [(kind, entry["id"])]


def test_a_merge_into_somebody_who_had_died_is_looked_at_too(api: Api, database: Database) -> None:
    entry = api.attended(api.held_session(**LATER)["id"], CHEN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    assert api.contradictions() == []
    read(database, cadre_event("merged", CHEN, version=2, into=LIN))
    assert api.contradictions() == [("cadre-deceased", entry["id"])]
    read(database, cadre_event("merge-undone", CHEN, version=3, into=LIN))
    assert api.contradictions() == []


def test_what_contradicts_already_does_not_keep_its_session_from_being_corrected(api: Api, database: Database) -> None:
    session = api.held_session(**LATER)
    entry = api.attended(session["id"], LIN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    assert api.amend(f"/sessions/{session['id']}", held_on="2022-08-16").status_code == 200
    assert api.contradictions() == [("cadre-deceased", entry["id"])]


def test_nobody_is_moved_behind_the_death_by_moving_the_batch(api: Api, database: Database) -> None:
    batch = api.made("/health-checks", held_on="2022-08-01", hospital="区中心医院")
    api.made(f"/health-checks/{batch['id']}/checks", cadre_id=LIN)
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    refused = api.amend(f"/health-checks/{batch['id']}", held_on="2022-08-10")
    assert problem(refused) == (422, "cadre-deceased", "#/held_on")
    assert "2022-08-09" in refused.json["detail"] and "2022-08-10" in refused.json["detail"]


def test_a_contradiction_is_gone_when_the_date_of_the_attendance_itself_is_corrected(
    api: Api, database: Database
) -> None:
    entry = api.attended(api.held_session(held_on="2022-08-08")["id"], LIN, attended_on="2022-08-20")
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    assert api.contradictions() == [("cadre-deceased", entry["id"])]
    assert api.amend(f"/attendances/{entry['id']}", attended_on="2022-08-09").status_code == 200
    assert api.contradictions() == []


# ---- what was explained


def explained(api: Api) -> str:
    """Explain the one open contradiction; return its path."""
    [found] = api("GET", "/contradictions?state=open").json["items"]
    path = f"/contradictions/{found['id']}"
    assert api("POST", f"{path}/explain", {"explanation": "经核对无误"}).status_code == 200
    return path


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"deceased_on": "2022-08-09"}, {"deceased_on": "2022-08-08"}),
        ({"registered_on": "2022-09-01"}, {"registered_on": "2022-09-02"}),
        ({"away": away("2022-08-01")}, {"away": away("2022-08-01", "2022-08-20")}),
        ({"away": away("2022-08-01")}, {"away": [], "deceased_on": "2022-08-09"}),
    ],
)
def test_an_explanation_holds_for_the_dates_that_it_was_given_to(
    api: Api, database: Database, first: dict[str, str], then: dict[str, str]
) -> None:
    entry = api.attended(api.held_session(**LATER)["id"], LIN)
    happened(database, "amended", 2, **first)
    path = explained(api)
    happened(database, "care-changed", 3, **first)
    assert api("GET", path).json["state"] == "explained"
    happened(database, "amended", 4, **then)
    assert [record for _, record in api.contradictions()] == [entry["id"]]
    assert events(database)[-1][0] == "contradiction.found"


def test_a_session_is_amended_though_somebody_was_there_after_death_or_while_away(api: Api, database: Database) -> None:
    session = api.held_session(**LATER)
    entry = api.attended(session["id"], LIN)
    happened(database, "amended", 2, deceased_on="2022-08-09", away=away("2022-08-12"))
    path = f"/attendances/{entry['id']}"
    assert api.amend(f"/sessions/{session['id']}", title="线上第一讲（重播）").status_code == 200
    assert api.amend(path, attended_on="2022-08-15").status_code == 200
    assert problem(api.amend(path, attended_on="2022-08-16"))[:2] == (422, "cadre-deceased")
    assert len(api.contradictions()) == 2


def test_a_work_of_one_who_had_died_keeps_its_date_without_a_question(api: Api, database: Database) -> None:
    poem = api.made("/works", cadre_id=LIN, genre="poem", title="七律", collected_on="2022-08-15")
    happened(database, "deceased", 2, deceased_on="2022-08-09")
    explained(api)
    path = f"/works/{poem['id']}"
    assert api.amend(path, title="七律·望江", collected_on="2022-08-15").status_code == 200
    assert api.contradictions("explained")
    assert problem(api.amend(path, collected_on="2022-08-16"))[:2] == (409, "by-family")
