"""Cases of one kind: the same fact is entered again, by whichever way."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.outreach_builders import CHEN, LIN, Bureau, imported, problem

VISIT = {
    "cadre_id": LIN,
    "visited_on": "2022-07-01",
    "form": "home",
    "category": "routine",
    "occasion": "routine",
    "five_must": False,
    "people": 2,
}
CONTACT = {"cadre_id": LIN, "contacted_on": "2022-07-01", "method": "phone"}
STAY = {"cadre_id": LIN, "admitted_on": "2023-01-02", "hospital": "区中心医院"}
SUGGESTION = {"category": "health", "channel": "phone", "received_on": "2022-04-06", "summary": "希望增加体检"}
BODIES = {"/visits": VISIT, "/stays": STAY, "/suggestions": SUGGESTION}
ROW = {**VISIT, "visit_no": "ZF-1", "cadre_id": "G0001", "visited_on": date(2022, 7, 1)}


@pytest.fixture
def bureau():
    return Bureau("G0001", "G0002")


@pytest.mark.parametrize("url", BODIES)
def test_the_same_again_is_a_question_with_the_record_that_is_there(bureau, url):
    api, body = bureau.api(), BODIES[url]
    first = api("POST", url, body).json
    again = api("POST", url, body)
    assert problem(again) == (409, "entered-twice")
    assert again.json["existing"] == first["id"]
    assert "请确认" in again.json["detail"]
    confirmed = api("POST", f"{url}?confirm=entered-twice", body)
    assert confirmed.status_code == 201
    assert confirmed.json["id"] != first["id"]


@pytest.mark.parametrize("url", BODIES)
def test_what_was_voided_is_entered_again_without_a_question(bureau, url):
    api, body = bureau.api(), BODIES[url]
    first = api("POST", url, body).json
    api("POST", f"{url}/{first['id']}/void", {"reason": "entered-in-error"})
    assert api("POST", url, body).status_code == 201


@pytest.mark.parametrize(
    ("url", "change"),
    [
        ("/visits", {"visited_on": "2022-07-02"}),
        ("/visits", {"form": "hospital"}),
        ("/visits", {"occasion": "birthday"}),
        ("/visits", {"cadre_id": CHEN}),
        ("/suggestions", {"summary": "希望增加义诊"}),
        ("/suggestions", {"channel": "letter"}),
        ("/suggestions", {"received_on": "2022-04-07"}),
        ("/stays", {"hospital": "市第一医院"}),
        ("/stays", {"cadre_id": CHEN}),
    ],
)
def test_what_differs_in_what_tells_two_apart_is_no_question(bureau, url, change):
    api, body = bureau.api(), BODIES[url]
    api("POST", url, body)
    assert api("POST", url, {**body, **change}).status_code == 201


def test_a_question_is_only_answered_by_its_own_name(bureau):
    api = bureau.api()
    api("POST", "/visits", VISIT)
    assert problem(api("POST", "/visits?confirm=stay-overlaps", VISIT)) == (422, "invalid")


def test_a_request_that_is_sent_again_with_its_key_is_no_second_entry(bureau):
    api = bureau.api()
    answers = [api("POST", "/visits", VISIT, Idempotency_Key="k").json for _ in range(3)]
    assert len({answer["id"] for answer in answers}) == 1
    assert bureau.types() == ["visit.recorded"]


def test_a_visit_that_was_posted_is_asked_about_when_a_workbook_has_it_too(bureau):
    bureau.api()("POST", "/visits", VISIT)
    plan = imported(bureau.database, visits=[ROW])
    assert [asked.code for asked in plan.questions] == ["entered-twice"]
    assert plan.digest


def test_a_visit_that_was_imported_is_asked_about_when_it_is_posted_too(bureau):
    imported(bureau.database, visits=[ROW])
    assert problem(bureau.api()("POST", "/visits", VISIT)) == (409, "entered-twice")


def test_the_same_contact_again_is_refused_and_in_a_workbook_it_is_the_same(bureau):
    api = bureau.api()
    first = api("POST", "/contacts", CONTACT).json
    again = api("POST", "/contacts", CONTACT)
    assert (problem(again), again.json["existing"]) == ((409, "duplicate-contact"), first["id"])
    row = {"cadre_id": "G0001", "contacted_on": date(2022, 7, 1), "method": "phone"}
    plan = imported(bureau.database, contacts=[row])
    assert (plan.sheets["contacts"].unchanged, plan.questions) == (1, [])


def test_the_same_suggestion_without_a_gist_is_asked_about_too(bureau):
    api, body = bureau.api(), {**SUGGESTION, "summary": None}
    api("POST", "/suggestions", body)
    assert problem(api("POST", "/suggestions", body)) == (409, "entered-twice")


def test_two_rows_of_one_file_that_say_the_same_are_asked_about(bureau):
    plan = imported(bureau.database, visits=[ROW, {**ROW, "visit_no": "ZF-2"}])
    assert [(asked.row, asked.code) for asked in plan.questions] == [(3, "entered-twice")]


def test_the_same_under_the_other_number_of_the_person_is_asked_about(bureau):
    api = bureau.api()
    first = api("POST", "/visits", VISIT).json
    bureau.merge("G0001", into="G0002")
    again = api("POST", "/visits", {**VISIT, "cadre_id": CHEN})
    assert (problem(again), again.json["existing"]) == ((409, "entered-twice"), first["id"])
