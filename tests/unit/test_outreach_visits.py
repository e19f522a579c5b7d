from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from hongxia.http.problems import Conflict, Problem
from services.outreach import cadres, visits
from tests.unit.outreach_builders import LIN, TODAY, add_cadre, events, new_database, types, work

CALL = visits.Details(LIN, date(2022, 7, 1), "home", "love_knocks", "birthday", False, 2)


def record(database, details=CALL, visit_id="11111111-1111-4111-8111-111111111111"):
    with work(database) as session:
        return visits.record(session, visit_id, details, cadres.find(session, details.cadre_id), TODAY)


def refusal(database, details):
    with pytest.raises(Problem) as raised:
        record(database, details)
    assert types(database) == []
    return raised.value


def test_a_recorded_visit_is_told_with_the_date_that_it_counts_for():
    database = new_database()
    add_cadre(database)
    visit = record(database)
    [(name, event)] = events(database)
    assert (name, event["subject"], event["entityversion"]) == ("visit.recorded", visit.id, 1)
    assert event["occurredon"] == "2022-07-01"
    assert event["data"] == {
        "cadre_id": LIN,
        "visited_on": "2022-07-01",
        "form": "home",
        "category": "love_knocks",
        "occasion": "birthday",
        "five_must": False,
        "people": 2,
    }


def test_a_visit_to_nobody_in_the_register_is_refused():
    refused = refusal(new_database(), CALL)
    assert (refused.slug, refused.errors[0].pointer) == ("unknown-cadre", "#/cadre_id")


def test_after_the_death_only_the_family_is_called_on():
    database = new_database()
    add_cadre(database, deceased_on=date(2022, 6, 30))
    refused = refusal(database, CALL)
    assert (refused.slug, refused.errors[0].pointer) == ("cadre-deceased", "#/cadre_id")
    record(database, replace(CALL, occasion="death"))
    assert types(database) == ["visit.recorded"]


def test_on_the_day_of_death_a_visit_may_still_have_been_paid():
    database = new_database()
    add_cadre(database, deceased_on=CALL.visited_on)
    record(database)
    assert types(database) == ["visit.recorded"]


def test_a_visit_before_the_registration_is_refused():
    database = new_database()
    add_cadre(database, registered_on=date(2022, 7, 2))
    refused = refusal(database, CALL)
    assert (refused.slug, refused.errors[0].pointer) == ("before-registration", "#/visited_on")


def test_a_visit_in_the_future_or_before_1990_is_refused_and_today_is_not_the_future():
    database = new_database()
    add_cadre(database, registered_on=date(1980, 1, 1))
    assert refusal(database, replace(CALL, visited_on=TODAY + timedelta(1))).slug == "date-in-future"
    assert refusal(database, replace(CALL, visited_on=date(1989, 12, 31))).slug == "date-too-early"
    record(database, replace(CALL, visited_on=TODAY))


def test_nobody_called_on_is_no_visit():
    database = new_database()
    add_cadre(database)
    assert refusal(database, replace(CALL, people=0)).slug == "nobody-visited"


def test_a_record_that_was_merged_away_takes_no_more_visits():
    database = new_database()
    add_cadre(database, merged_into="22222222-2222-4222-8222-222222222222")
    assert refusal(database, CALL).slug == "cadre-merged"


def test_every_fault_of_a_visit_is_told_at_once():
    database = new_database()
    refused = refusal(database, replace(CALL, visited_on=TODAY + timedelta(1), people=0))
    assert [error.pointer for error in refused.errors] == ["#/visited_on", "#/people", "#/cadre_id"]


def test_an_amended_visit_is_told_whole_and_the_same_again_changes_nothing():
    database = new_database()
    add_cadre(database)
    visit_id = record(database).id
    for _ in range(2):
        with work(database) as session:
            visit = visits.amend(session, visits.get(session, visit_id), {"people": 3}, TODAY)
    assert visit.version == 2
    assert types(database) == ["visit.recorded", "visit.amended"]
    _, event = events(database)[1]
    assert (event["entityversion"], event["data"]["people"], event["data"]["form"]) == (2, 3, "home")


def test_an_amendment_is_held_to_the_same_rules():
    database = new_database()
    add_cadre(database)
    visit_id = record(database).id
    with pytest.raises(Problem) as raised, work(database) as session:
        visits.amend(session, visits.get(session, visit_id), {"visited_on": date(2011, 1, 1)}, TODAY)
    assert raised.value.slug == "before-registration"
    assert types(database) == ["visit.recorded"]


def test_a_voided_visit_can_be_neither_amended_nor_voided_again():
    database = new_database()
    add_cadre(database)
    visit_id = record(database).id
    with work(database) as session:
        visits.void(session, visits.get(session, visit_id), "entered-in-error")
    for again in (
        lambda session, visit: visits.void(session, visit, "entered-in-error"),
        lambda session, visit: visits.amend(session, visit, {"people": 3}, TODAY),
    ):
        with pytest.raises(Conflict) as raised, work(database) as session:
            again(session, visits.get(session, visit_id))
        assert raised.value.slug == "wrong-state"
    assert types(database) == ["visit.recorded", "visit.voided"]
