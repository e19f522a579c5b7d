from __future__ import annotations

from datetime import date, timedelta

import pytest

from hongxia import ids, records
from hongxia.rules import Conflicting, Question, Refused
from services.outreach.cadres.mirror import CADRES
from services.outreach.visits import rules
from services.outreach.visits.model import Visit
from tests.unit.outreach_builders import CHEN, LIN, TODAY, Bureau, add_cadre, events, new_database, types, work

CALL = {
    "cadre_id": LIN,
    "visited_on": date(2022, 7, 1),
    "form": "home",
    "category": "love_knocks",
    "occasion": "birthday",
    "five_must": False,
    "people": 2,
    "minutes": None,
}


def record(database, confirmed=(), **changes):
    values = {**CALL, **changes}
    with work(database) as session:
        cadre = CADRES.lock(session, values["cadre_id"])
        return rules.record(session, ids.new_id(), values, cadre, TODAY, confirmed)


def amend(database, visit, **changes):
    with work(database) as session:
        return rules.amend(session, records.lock(session, Visit, visit.id), changes, "correction", TODAY)


def void(database, visit):
    with work(database) as session:
        return rules.void(session, records.lock(session, Visit, visit.id), "entered-in-error", TODAY)


def refusal(database, **changes):
    with pytest.raises(Refused) as raised:
        record(database, **changes)
    assert types(database) == []
    return [(found.field, found.code) for found in raised.value.violations]


def test_a_recorded_visit_is_published_with_the_date_that_it_counts_for():
    database = new_database()
    add_cadre(database)
    visit = record(database)
    [(name, event)] = events(database)
    assert (name, event["subject"], event["entityversion"]) == ("visit.recorded", visit.id, 1)
    assert event["occurredon"] == "2022-07-01"
    assert event["data"] == {**CALL, "visited_on": "2022-07-01"}


def test_how_long_a_visit_lasted_is_recorded_amended_and_published():
    database = new_database()
    add_cadre(database)
    visit = record(database, minutes=40)
    amend(database, visit, minutes=50)
    assert [event["data"]["minutes"] for _, event in events(database)] == [40, 50]
    assert events(database)[1][1]["data"]["changed"] == ["minutes"]


def test_a_visit_to_nobody_in_the_register_is_refused():
    assert refusal(new_database()) == [("cadre_id", "unknown-cadre")]


def test_after_the_death_only_the_family_is_called_on():
    database = new_database()
    add_cadre(database, deceased_on=date(2022, 6, 30))
    assert refusal(database) == [("cadre_id", "cadre-deceased")]
    record(database, occasion="death")
    assert types(database) == ["visit.recorded"]


def test_on_the_day_of_death_a_visit_may_still_have_been_paid():
    database = new_database()
    add_cadre(database, deceased_on=CALL["visited_on"])
    record(database)
    assert types(database) == ["visit.recorded"]


def test_a_visit_before_the_registration_is_refused():
    database = new_database()
    add_cadre(database, registered_on=date(2022, 7, 2))
    assert refusal(database) == [("visited_on", "before-registration")]


def test_a_visit_in_the_future_or_before_1990_is_refused_and_today_is_not_the_future():
    database = new_database()
    add_cadre(database, registered_on=date(1980, 1, 1))
    assert refusal(database, visited_on=TODAY + timedelta(1)) == [("visited_on", "date-in-future")]
    assert refusal(database, visited_on=date(1989, 12, 31)) == [("visited_on", "date-too-early")]
    record(database, visited_on=TODAY)


def test_nobody_called_on_is_no_visit():
    database = new_database()
    add_cadre(database)
    assert refusal(database, people=0) == [("people", "nobody-visited")]


def test_a_visit_for_a_record_that_was_merged_away_is_one_of_the_surviving_record():
    bureau = Bureau("G0001", "G0002")
    bureau.merge("G0001", into="G0002")
    assert record(bureau.database).cadre_id == CHEN


def test_every_fault_of_a_visit_is_named_at_once():
    found = refusal(new_database(), visited_on=TODAY + timedelta(1), people=0)
    assert [field for field, _ in found] == ["visited_on", "people", "cadre_id"]


def test_an_amendment_is_published_whole_with_what_changed_and_the_same_again_changes_nothing():
    database = new_database()
    add_cadre(database)
    visit = record(database)
    for _ in range(2):
        assert amend(database, visit, people=3).version == 2
    assert types(database) == ["visit.recorded", "visit.amended"]
    _, event = events(database)[1]
    assert (event["entityversion"], event["data"]["people"], event["data"]["form"]) == (2, 3, "home")
    assert (event["data"]["changed"], event["data"]["reason"]) == (["people"], "correction")


def test_an_amendment_is_held_to_the_same_rules():
    database = new_database()
    add_cadre(database)
    visit = record(database)
    with pytest.raises(Refused) as raised:
        amend(database, visit, visited_on=date(2011, 1, 1))
    assert raised.value.code == "before-registration"
    assert types(database) == ["visit.recorded"]


def test_a_voided_visit_can_be_neither_amended_nor_voided_again():
    database = new_database()
    add_cadre(database)
    visit = record(database)
    void(database, visit)
    for again in (lambda: void(database, visit), lambda: amend(database, visit, people=3)):
        with pytest.raises(Conflicting) as raised:
            again()
        assert raised.value.code == "wrong-state"
    assert types(database) == ["visit.recorded", "visit.voided"]


def test_the_same_visit_again_is_a_question_and_another_one_if_it_is_confirmed():
    database = new_database()
    add_cadre(database)
    first = record(database)
    with pytest.raises(Question) as raised:
        record(database, people=1)
    assert (raised.value.code, raised.value.extra) == ("entered-twice", {"existing": first.id})
    record(database, confirmed=("entered-twice",))
    record(database, occasion="routine")
    assert types(database) == ["visit.recorded"] * 3


def test_a_voided_visit_is_no_reason_to_ask():
    database = new_database()
    add_cadre(database)
    void(database, record(database))
    record(database)
    assert types(database) == ["visit.recorded", "visit.voided", "visit.recorded"]
