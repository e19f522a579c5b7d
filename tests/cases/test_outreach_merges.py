"""Cases of one kind: records of two numbers turn out to be of one person, or not after all."""

from __future__ import annotations

from datetime import date

import pytest

from hongxia import ids
from hongxia.runtime.http import routes_of
from services.outreach.app import OutreachService
from tests.unit.outreach_builders import (
    CHEN,
    DEATH,
    ILLNESS,
    LIN,
    WU,
    Bureau,
    add_kinds,
    answer,
    counts,
    finance_event,
    imported,
    problem,
)

VISIT = {
    "cadre_id": LIN,
    "visited_on": "2023-01-06",
    "form": "hospital",
    "category": "routine",
    "occasion": "illness",
    "five_must": True,
    "people": 1,
}
CONTACT = {"cadre_id": LIN, "contacted_on": "2022-03-10", "method": "phone"}
STAY = {"cadre_id": LIN, "admitted_on": "2023-01-02", "reported_on": "2023-01-05"}
APPLICATION = {"cadre_id": LIN, "cause": "illness", "applied_on": "2022-01-05"}
GRANT = {"amount": "8000.00", "approved_on": "2022-01-18"}

COMMANDS = {
    "/visits": (VISIT, [("PATCH", "", {"people": 2}), ("POST", "/void", {"reason": "other"})]),
    "/contacts": (CONTACT, [("PATCH", "", {"method": "wechat"}), ("POST", "/void", {"reason": "other"})]),
    "/stays": (
        STAY,
        [
            ("PATCH", "", {"hospital": "区中心医院"}),
            ("POST", "/end", {"discharged_on": "2023-01-09"}),
            ("POST", "/void", {"reason": "other"}),
        ],
    ),
    "/aid-cases": (
        APPLICATION,
        [
            ("PATCH", "", {"cause": "poverty"}),
            ("POST", "/approve", GRANT),
            ("POST", "/withdraw", {"reason": "other"}),
            ("POST", "/reopen", None),
            ("POST", "/decline", {"declined_on": "2022-01-19"}),
        ],
    ),
}
"""Every command about a cadre: the body of the first, and what may be done afterwards."""

ROWS = {
    "visits": [{"visit_no": "1", **VISIT, "cadre_id": "G0001", "visited_on": date(2022, 7, 1)}],
    "contacts": [{**CONTACT, "cadre_id": "G0001", "contacted_on": date(2022, 3, 10)}],
    "aid_cases": [
        {
            "aid_no": "1",
            "cadre_id": "G0001",
            "applied_on": date(2021, 11, 20),
            "reviewed_on": date(2022, 1, 18),
            "outcome": "declined",
            "amount_fen": None,
            "pay_on": None,
            "cause": "illness",
        }
    ],
}


@pytest.fixture
def bureau():
    return Bureau("G0001", "G0002", "G0003")


def merge_through_a_chain(bureau):
    bureau.merge("G0001", into="G0002")
    bureau.merge("G0002", into="G0003")


def owed(bureau):
    """Everything about what is owed but the versions."""
    items = bureau.api()("GET", "/obligations").json["items"]
    return [{name: value for name, value in item.items() if name not in ("version", "void_reason")} for item in items]


def test_the_commands_of_this_test_are_all_commands_about_a_cadre():
    writing = {(route.method, route.url) for route in routes_of(OutreachService) if route.method not in ("GET", "HEAD")}
    about_a_cadre = {(method, url) for method, url in writing if url.startswith(tuple(COMMANDS))}
    tried = {
        (method, url + (f"/<uuid:record_id>{step}" if (method, step) != ("POST", "") else ""))
        for url, (_, steps) in COMMANDS.items()
        for method, step, _ in [("POST", "", None), *steps]
    }
    assert about_a_cadre == tried


@pytest.mark.parametrize("url", COMMANDS)
def test_a_command_for_a_merged_number_is_done_for_the_survivor(bureau, url):
    merge_through_a_chain(bureau)
    body, _ = COMMANDS[url]
    made = bureau.api()("POST", url, body)
    assert (made.status_code, made.json["cadre_id"]) == (201, WU)


@pytest.mark.parametrize("url", COMMANDS)
def test_every_command_works_on_a_record_that_was_made_before_the_merge(bureau, url):
    body, steps = COMMANDS[url]
    path = "/" + bureau.api()("POST", url, body).headers["Location"]
    merge_through_a_chain(bureau)
    for method, step, sent in steps:
        version = bureau.api()("GET", path).json["version"]
        done = bureau.api()(method, path + step, sent, If_Match=f'"{version}"')
        assert done.status_code == 200, (method, step, done.json)


@pytest.mark.parametrize("sheet", ROWS)
def test_every_sheet_takes_the_merged_number_for_the_survivor(bureau, sheet):
    merge_through_a_chain(bureau)
    assert counts(imported(bureau.database, **{sheet: ROWS[sheet]})) == {sheet: (1, 0, 0, 0)}
    [made] = bureau.api()("GET", "/" + sheet.replace("_", "-")).json["items"]
    assert made["cadre_id"] == WU


@pytest.mark.parametrize("sheet", ROWS)
def test_a_file_of_before_the_merge_is_unchanged_after_it(bureau, sheet):
    imported(bureau.database, **{sheet: ROWS[sheet]})
    before = bureau.types()
    merge_through_a_chain(bureau)
    for rows in (ROWS[sheet], [{**ROWS[sheet][0], "cadre_id": "G0003"}]):
        plan = imported(bureau.database, **{sheet: rows})
        assert counts(plan)[sheet] == (0, 1, 0, 0)
    assert bureau.types() == before


def test_two_rows_of_one_person_and_day_are_one_contact(bureau):
    merge_through_a_chain(bureau)
    rows = [{**ROWS["contacts"][0], "cadre_id": number} for number in ("G0001", "G0002", "G0003")]
    assert counts(imported(bureau.database, contacts=rows)) == {"contacts": (1, 2, 0, 0)}


def test_a_stay_under_one_number_is_met_by_a_visit_under_the_other(bureau):
    add_kinds(bureau.database, illness=ILLNESS)
    bureau.api()("POST", "/stays", STAY)
    bureau.merge("G0001", into="G0002")
    bureau.api()("POST", "/visits", {**VISIT, "cadre_id": CHEN})
    assert bureau.owed() == [("illness", "2023-01-12", "met")]
    bureau.undo_merge("G0001", into="G0002")
    assert bureau.owed() == [("illness", "2023-01-12", "open")]


def test_a_merge_itself_meets_what_was_owed_under_the_other_number(bureau):
    add_kinds(bureau.database, illness=ILLNESS)
    bureau.api()("POST", "/stays", STAY)
    bureau.api()("POST", "/visits", {**VISIT, "cadre_id": CHEN})
    before = owed(bureau)
    merge_through_a_chain(bureau)
    assert bureau.owed() == [("illness", "2023-01-12", "met")]
    bureau.undo_merge("G0001", into="G0002")
    assert owed(bureau) == before


def test_aid_that_was_applied_for_under_the_merged_number_is_approved_and_paid(bureau):
    path = "/" + bureau.api()("POST", "/aid-cases", APPLICATION).headers["Location"]
    bureau.merge("G0001", into="G0002")
    approved = bureau.api()("POST", f"{path}/approve", GRANT)
    assert approved.json["state"] == "approved"
    answer(bureau.database, finance_event("paid", approved.json["id"]))
    assert bureau.api()("GET", path).json["state"] == "paid"


def test_aid_of_a_year_is_counted_over_all_numbers_of_the_person(bureau):
    bureau.api()("POST", "/aid-cases", APPLICATION)
    bureau.merge("G0001", into="G0002")
    for cadre_id in (LIN, CHEN):
        second = bureau.api()("POST", "/aid-cases", {**APPLICATION, "cadre_id": cadre_id})
        assert problem(second) == (422, "aid-already-this-year")
    bureau.undo_merge("G0001", into="G0002")
    assert bureau.api()("POST", "/aid-cases", {**APPLICATION, "cadre_id": CHEN}).status_code == 201


def test_two_aids_of_one_year_that_a_merge_brings_together_are_listed(bureau):
    for cadre_id in (LIN, CHEN):
        bureau.api()("POST", "/aid-cases", {**APPLICATION, "cadre_id": cadre_id})
    bureau.merge("G0001", into="G0002")
    assert bureau.contradictions() == [("aided-twice", "aid-cases")]
    [case] = [one for one in bureau.api()("GET", "/aid-cases").json["items"] if one["cadre_id"] == LIN]
    bureau.api()("POST", f"/aid-cases/{case['id']}/withdraw", {"reason": "other"})
    bureau.registry("amended", "G0002")
    assert bureau.contradictions("resolved") == [("aided-twice", "aid-cases")]


@pytest.mark.parametrize(
    ("url", "body"), [("/visits", VISIT), ("/contacts", CONTACT), ("/stays", STAY)], ids=["visit", "contact", "stay"]
)
def test_the_same_recorded_under_both_numbers_is_listed_until_it_is_voided_or_the_merge_is_undone(bureau, url, body):
    first, _second = (bureau.api()("POST", url, {**body, "cadre_id": each}).json for each in (LIN, CHEN))
    bureau.merge("G0001", into="G0002")
    found = [("entered-twice", url.strip("/"))]
    assert bureau.contradictions() == found
    [listed] = bureau.api()("GET", "/contradictions?state=open").json["items"]
    assert (listed["record_id"], listed["scope"]) == (first["id"], CHEN)
    bureau.undo_merge("G0001", into="G0002")
    assert (bureau.contradictions(), bureau.contradictions("resolved")) == ([], found)
    bureau.merge("G0001", into="G0002")
    assert bureau.contradictions() == found
    bureau.api()("POST", f"{url}/{first['id']}/void", {"reason": "duplicate"})
    assert (bureau.contradictions(), bureau.contradictions("resolved")) == ([], found)


def test_a_person_s_obligations_are_as_before_when_a_merge_is_undone(bureau):
    hardship = {**ILLNESS, "raised_by": "hardship", "days": 30, "occasions": ["hardship"]}
    festival = {**ILLNESS, "raised_by": "festival", "days": 20, "occasions": ["festival"]}
    add_kinds(bureau.database, illness=ILLNESS, death=DEATH, hardship=hardship, festival=festival)
    api = bureau.api()
    api("POST", "/festivals", {"name": "春节", "held_on": "2023-01-22"})
    api("POST", "/stays", STAY)
    api("POST", "/stays", {**STAY, "cadre_id": CHEN})
    for number, day in (("G0001", "2023-01-03"), ("G0002", "2023-01-04")):
        bureau.registry("care-changed", number, on=day, hardship=True)
    api("POST", "/visits", {**VISIT, "occasion": "festival"})
    bureau.die("G0001", "2023-01-09")
    before = owed(bureau)
    assert {one["state"] for one in before} == {"open", "met", "cancelled"}
    bureau.merge("G0001", into="G0002")
    assert owed(bureau) != before
    bureau.undo_merge("G0001", into="G0002")
    assert owed(bureau) == before


def test_the_deadline_that_passes_while_two_numbers_are_one_is_missed_once(bureau):
    festival = {**ILLNESS, "raised_by": "festival", "days": 20, "occasions": ["festival"]}
    add_kinds(bureau.database, festival=festival)
    bureau.api()("POST", "/festivals", {"name": "腊八", "held_on": "2023-01-12"})
    merge_through_a_chain(bureau)
    bureau.night(date(2023, 1, 13))
    assert sorted(state for _, _, state in bureau.owed()) == ["cancelled", "cancelled", "missed"]
    bureau.undo_merge("G0001", into="G0002", today=date(2023, 1, 13))
    bureau.undo_merge("G0002", into="G0003", today=date(2023, 1, 13))
    assert [state for _, _, state in bureau.owed()] == ["missed"] * 3


def test_a_milestone_of_both_numbers_asks_for_one_visit(bureau):
    from tests.unit.outreach_builders import event_of

    milestone = {**ILLNESS, "raised_by": "milestone", "occasions": ["birthday"]}
    add_kinds(bureau.database, milestone=milestone)
    for cadre_id in (LIN, CHEN):
        subject = ids.entity_id("milestone", cadre_id, "age-80", "2023")
        data = {"cadre_id": cadre_id, "milestone": "age-80", "month": "2023-01"}
        bureau.learn(event_of("hongxia.registry.milestone.due.v1", subject, data))
    bureau.merge("G0001", into="G0002")
    assert sorted(state for _, _, state in bureau.owed()) == ["cancelled", "open"]
    bureau.api()("POST", "/visits", {**VISIT, "occasion": "birthday"})
    assert sorted(state for _, _, state in bureau.owed()) == ["cancelled", "met"]
