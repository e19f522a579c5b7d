from __future__ import annotations

from datetime import date

import pytest

from hongxia import ids
from services.outreach.app import OutreachService
from tests.unit.away_builders import away
from tests.unit.outreach_builders import (
    CHEN,
    DEATH,
    ILLNESS,
    LIN,
    TODAY,
    Bureau,
    add_kinds,
    event_of,
    problem,
)

MILESTONE = {**ILLNESS, "title": "寿辰", "raised_by": "milestone", "occasions": ["birthday", "party_50_years"]}
HARDSHIP = {**ILLNESS, "title": "困难", "raised_by": "hardship", "days": 14, "occasions": ["hardship"]}
FESTIVAL = {**ILLNESS, "title": "节日", "raised_by": "festival", "days": 14, "occasions": ["festival"]}
DISCHARGE = {**ILLNESS, "title": "出院", "raised_by": "discharge"}
MONTHLY = {**ILLNESS, "title": "每月", "raised_by": "monthly", "days": 0}
SPRING = {"name": "春节", "held_on": "2023-01-22"}


@pytest.fixture
def bureau():
    made = Bureau("G0001")
    add_kinds(made.database, illness=ILLNESS, death=DEATH)
    return made


def report(bureau, admitted_on="2022-12-28", reported_on="2023-01-05", cadre_id=LIN, today=TODAY, **more):
    body = {"cadre_id": cadre_id, "admitted_on": admitted_on, "reported_on": reported_on, **more}
    answered = bureau.api(today)("POST", "/stays", body)
    assert answered.status_code == 201, answered.json
    return answered.json


def visit(bureau, visited_on, occasion="illness", cadre_id=LIN, today=TODAY):
    body = {
        "cadre_id": cadre_id,
        "visited_on": visited_on,
        "form": "hospital",
        "category": "routine",
        "occasion": occasion,
        "five_must": True,
        "people": 1,
    }
    answered = bureau.api(today)("POST", "/visits", body)
    assert answered.status_code == 201, answered.json
    return answered.json


def put(bureau, code, values, version):
    answered = bureau.api()("PUT", f"/obligation-kinds/{code}", values, If_Match=f'"{version}"')
    assert answered.status_code == 200, answered.json
    return answered.json


def milestone(what="due", kind="age-80", month="2023-01", version=1, cadre_id=LIN):
    subject = ids.entity_id("milestone", cadre_id, kind, month[:4])
    data = {"cadre_id": cadre_id, "milestone": kind, "month": month}
    return event_of(f"hongxia.registry.milestone.{what}.v1", subject, data, version=version)


def obligation_events(bureau):
    return [
        (name.removeprefix("obligation."), event["occurredon"], event["data"])
        for name, event in bureau.events()
        if name.startswith("obligation.")
    ]


def states(bureau):
    return [state for _, _, state in bureau.owed()]


def test_a_reported_stay_raises_a_visit_due_within_the_days_of_its_kind(bureau):
    report(bureau)
    assert bureau.owed() == [("illness", "2023-01-12", "open")]
    [(what, occurred_on, data)] = obligation_events(bureau)
    assert (what, occurred_on) == ("raised", "2022-12-28")
    assert data == {
        "kind": "illness",
        "cadre_id": LIN,
        "raised_on": "2022-12-28",
        "due_on": "2023-01-12",
        "visit_id": None,
        "met_on": None,
        "on_time": None,
    }


def test_a_fitting_visit_within_the_time_meets_it_and_no_other(bureau):
    report(bureau)
    visit(bureau, "2023-01-06", occasion="routine")
    visit(bureau, "2022-12-27")
    assert states(bureau) == ["open"]
    paid = visit(bureau, "2022-12-29")
    what, occurred_on, data = obligation_events(bureau)[-1]
    assert (what, occurred_on) == ("met", "2022-12-29")
    assert (data["visit_id"], data["met_on"], data["on_time"]) == (paid["id"], "2022-12-29", True)


def test_a_visit_that_was_paid_before_the_stay_was_reported_meets_it_too(bureau):
    visit(bureau, "2022-12-29")
    report(bureau)
    assert states(bureau) == ["met"]


def test_voiding_the_visit_raises_the_obligation_again(bureau):
    report(bureau)
    paid = visit(bureau, "2023-01-06")
    bureau.api()("POST", f"/visits/{paid['id']}/void", {"reason": "entered-in-error"})
    assert states(bureau) == ["open"]
    assert [what for what, _, _ in obligation_events(bureau)] == ["raised", "met", "raised"]


def test_a_deadline_that_has_passed_is_missed_and_a_visit_entered_late_still_meets_it(bureau):
    report(bureau, "2022-12-01", "2022-12-02", today=date(2022, 12, 2))
    for today, state in ((date(2022, 12, 9), "open"), (date(2022, 12, 10), "missed")):
        bureau.night(today)
        assert states(bureau) == [state]
    what, occurred_on, data = obligation_events(bureau)[-1]
    assert (what, occurred_on, data["on_time"]) == ("missed", "2022-12-09", False)
    visit(bureau, "2022-12-10")
    assert states(bureau) == ["missed"]
    visit(bureau, "2022-12-09")
    assert states(bureau) == ["met"]


def test_the_timer_of_the_service_marks_what_is_missed(bureau):
    report(bureau, "2022-12-01", "2022-12-02", today=date(2022, 12, 2))
    OutreachService.mark_missed(bureau.api().service)
    assert states(bureau) == ["missed"]
    before = bureau.types()
    OutreachService.mark_missed(bureau.api().service)
    assert bureau.types() == before


def test_a_voided_report_takes_its_obligation_back(bureau):
    stay = report(bureau)
    bureau.api()("POST", f"/stays/{stay['id']}/void", {"reason": "entered-in-error"})
    assert states(bureau) == ["cancelled"]
    report(bureau)
    assert sorted(states(bureau)) == ["cancelled", "open"]


def test_corrected_dates_of_a_stay_move_its_obligation(bureau):
    stay = report(bureau)
    visit(bureau, "2022-12-29")
    changes = {"admitted_on": "2022-12-30", "reported_on": "2023-01-06"}
    bureau.api()("PATCH", f"/stays/{stay['id']}", changes, If_Match='"1"')
    assert bureau.owed() == [("illness", "2023-01-13", "open")]
    (_, _, amended), (last, _, _) = obligation_events(bureau)[-2:]
    assert (amended["changed"], amended["reason"], last) == (["due_on", "raised_on"], "followed", "raised")


def test_a_stay_that_was_reported_of_the_wrong_cadre_moves_its_obligation(bureau):
    bureau.registry("registered", "G0002")
    stay = report(bureau)
    bureau.api()("PATCH", f"/stays/{stay['id']}", {"cadre_id": CHEN}, If_Match='"1"')
    assert sorted(states(bureau)) == ["cancelled", "open"]
    [owed] = bureau.api()("GET", f"/obligations?cadre_id={CHEN}").json["items"]
    assert owed["state"] == "open"


def test_a_death_raises_a_visit_to_the_family_once_however_often_it_is_published(bureau):
    for _ in range(2):
        bureau.die("G0001", "2023-01-08")
    assert bureau.owed() == [("death", "2023-01-15", "open")]
    visit(bureau, "2023-01-09", occasion="death")
    assert states(bureau) == ["met"]


def test_a_corrected_date_of_death_moves_the_obligation(bureau):
    bureau.die("G0001", "2023-01-08")
    bureau.registry("amended", "G0001", deceased_on="2023-01-07")
    assert bureau.owed() == [("death", "2023-01-14", "open")]
    bureau.die("G0001", None)
    assert states(bureau) == ["cancelled"]
    bureau.die("G0001", "2023-01-08")
    assert bureau.owed() == [("death", "2023-01-15", "open")]
    whats = [what for what, _, _ in obligation_events(bureau)]
    assert whats == ["raised", "amended", "cancelled", "amended", "raised"]


def test_of_two_records_of_one_person_only_the_remaining_one_owes_a_visit(bureau):
    bureau.registry("registered", "G0002")
    for cadre_no in ("G0001", "G0002"):
        bureau.die(cadre_no, "2023-01-08")
    assert states(bureau) == ["open", "open"]
    bureau.merge("G0001", into="G0002")
    assert sorted(states(bureau)) == ["cancelled", "open"]
    bureau.undo_merge("G0001", into="G0002")
    assert states(bureau) == ["open", "open"]


def test_what_the_bureau_takes_off_its_list_is_not_raised_any_more(bureau):
    put(bureau, "illness", {**ILLNESS, "active": False}, 1)
    report(bureau)
    assert bureau.owed() == []


def test_what_was_raised_before_its_kind_was_switched_off_still_follows_its_cause(bureau):
    bureau.die("G0001", "2023-01-08")
    put(bureau, "death", {**DEATH, "active": False}, 1)
    bureau.registry("amended", "G0001", deceased_on="2023-01-07")
    assert bureau.owed() == [("death", "2023-01-14", "open")]
    bureau.die("G0001", None)
    assert states(bureau) == ["cancelled"]
    bureau.die("G0001", "2023-01-08")
    assert states(bureau) == ["cancelled"]


def test_other_occasions_of_a_kind_review_what_is_open_and_missed(bureau):
    report(bureau, "2022-12-01", "2022-12-02", today=date(2022, 12, 2))
    visit(bureau, "2022-12-05", occasion="routine")
    bureau.night(TODAY)
    assert states(bureau) == ["missed"]
    put(bureau, "illness", {**ILLNESS, "occasions": ["illness", "routine"]}, 1)
    assert states(bureau) == ["met"]


def test_other_days_of_a_kind_move_what_is_open_or_missed_and_leave_what_was_met(bureau):
    bureau.registry("registered", "G0002")
    report(bureau, "2022-12-01", "2022-12-02", today=date(2022, 12, 2))
    report(bureau, "2022-12-20", "2022-12-21", cadre_id=CHEN, today=date(2022, 12, 21))
    visit(bureau, "2022-12-27", cadre_id=CHEN)
    bureau.night(TODAY)
    put(bureau, "illness", {**ILLNESS, "days": 60}, 1)
    assert bureau.owed() == [("illness", "2022-12-28", "met"), ("illness", "2023-01-31", "open")]
    put(bureau, "illness", {**ILLNESS, "days": 3}, 2)
    assert bureau.owed() == [("illness", "2022-12-05", "missed"), ("illness", "2022-12-28", "met")]


def test_a_kind_that_is_switched_on_raises_what_is_not_overdue(bureau):
    report(bureau)
    add_kinds(bureau.database, calls={**ILLNESS, "days": 30}, late={**ILLNESS, "days": 2})
    assert [(kind, due) for kind, due, _ in bureau.owed()] == [("illness", "2023-01-12"), ("calls", "2023-02-04")]


def test_working_days_leave_out_the_spring_festival(bureau):
    put(bureau, "illness", {**ILLNESS, "working_days": True}, 1)
    report(bureau, "2023-01-19", "2023-01-20", today=date(2023, 1, 20))
    # 21 to 27 January 2023 are holidays, 28 and 29 make-up days.
    assert [due for _, due, _ in bureau.owed()] == ["2023-02-03"]
    [owed] = bureau.api()("GET", "/obligations").json["items"]
    assert owed["note"] is None


def test_a_deadline_beyond_the_published_calendar_says_so(bureau):
    put(bureau, "illness", {**ILLNESS, "working_days": True}, 1)
    report(bureau, "2100-03-01", "2100-03-01", today=date(2100, 3, 1))
    [owed] = bureau.api()("GET", "/obligations").json["items"]
    assert owed["due_on"] == "2100-03-10"
    assert "2100年" in owed["note"]


def test_history_that_a_first_import_brings_in_raises_nothing_overdue():
    bureau = Bureau()
    add_kinds(bureau.database, illness=ILLNESS, death=DEATH, hardship=HARDSHIP)
    bureau.registry("registered", "G0001", deceased_on="2015-06-01", hardship=True)
    bureau.registry("registered", "G0002", hardship=True, on="2012-05-01")
    report(bureau, "2022-03-01", "2022-03-02", cadre_id=CHEN)
    bureau.night(TODAY)
    assert bureau.owed() == []


def test_a_milestone_is_to_be_visited_from_the_first_of_its_month_on(bureau):
    add_kinds(bureau.database, milestone=MILESTONE)
    bureau.learn(milestone())
    assert bureau.owed() == [("milestone", "2023-02-07", "open")]
    [owed] = bureau.api()("GET", "/obligations").json["items"]
    assert owed["raised_on"] == "2023-01-01"
    visit(bureau, "2023-01-05", occasion="party_50_years")
    assert states(bureau) == ["open"]
    visit(bureau, "2023-01-06", occasion="birthday")
    assert states(bureau) == ["met"]


def test_a_milestone_that_is_withdrawn_is_not_owed(bureau):
    add_kinds(bureau.database, milestone=MILESTONE)
    bureau.learn(milestone())
    bureau.learn(milestone("withdrawn", version=2))
    assert states(bureau) == ["cancelled"]
    bureau.learn(milestone("due", version=3))
    assert states(bureau) == ["open"]


def test_a_kind_for_birthdays_alone_ignores_the_party_s_jubilee(bureau):
    add_kinds(bureau.database, birthday={**MILESTONE, "occasions": ["birthday"]})
    bureau.learn(milestone(kind="party-50"))
    assert bureau.owed() == []
    bureau.learn(milestone(kind="age-90"))
    assert [kind for kind, _, _ in bureau.owed()] == ["birthday"]


def test_a_flag_raises_a_visit_when_it_is_set_and_takes_it_back_when_it_is_not(bureau):
    add_kinds(bureau.database, hardship=HARDSHIP)
    bureau.registry("care-changed", "G0001", on="2023-01-05", hardship=True)
    assert bureau.owed() == [("hardship", "2023-01-19", "open")]
    bureau.registry("amended", "G0001")
    assert states(bureau) == ["open"]
    bureau.registry("care-changed", "G0001", on="2023-01-08", hardship=False)
    assert states(bureau) == ["cancelled"]
    bureau.registry("care-changed", "G0001", on="2023-01-09", hardship=True)
    assert bureau.owed() == [("hardship", "2023-01-19", "cancelled"), ("hardship", "2023-01-23", "open")]


def test_what_was_met_before_the_flag_was_taken_away_stays_met(bureau):
    add_kinds(bureau.database, hardship=HARDSHIP)
    bureau.registry("care-changed", "G0001", on="2023-01-05", hardship=True)
    visit(bureau, "2023-01-06", occasion="hardship")
    bureau.registry("care-changed", "G0001", on="2023-01-08", hardship=False)
    assert states(bureau) == ["met"]


def test_a_discharge_asks_for_a_visit_within_its_days_but_a_death_in_hospital_does_not(bureau):
    add_kinds(bureau.database, discharge=DISCHARGE)
    bureau.registry("registered", "G0002")
    stay = report(bureau)
    report(bureau, cadre_id=CHEN)
    bureau.api()("POST", f"/stays/{stay['id']}/end", {"discharged_on": "2023-01-09"})
    bureau.die("G0002", "2023-01-09")
    assert [(kind, due) for kind, due, _ in bureau.owed() if kind == "discharge"] == [("discharge", "2023-01-16")]


def test_a_long_stay_asks_for_a_visit_every_month_until_it_ends(bureau):
    add_kinds(bureau.database, monthly=MONTHLY)
    stay = report(bureau, "2022-10-20", "2022-10-21", today=date(2022, 10, 21))

    def monthly():
        return [(due, state) for kind, due, state in bureau.owed() if kind == "monthly"]

    assert monthly() == [("2022-11-19", "open")]
    visit(bureau, "2022-11-18", today=date(2022, 11, 18))
    bureau.night(date(2022, 11, 20))
    assert monthly() == [("2022-11-19", "met"), ("2022-12-19", "open")]
    bureau.night(date(2022, 12, 20))
    assert monthly() == [("2022-11-19", "met"), ("2022-12-19", "missed"), ("2023-01-19", "open")]
    bureau.api()("POST", f"/stays/{stay['id']}/end", {"discharged_on": "2023-01-05"})
    assert monthly() == [("2022-11-19", "met"), ("2022-12-19", "missed"), ("2023-01-19", "cancelled")]


def test_a_festival_asks_for_a_visit_in_the_days_before_it(bureau):
    add_kinds(bureau.database, festival=FESTIVAL)
    bureau.registry("registered", "G0002")
    listed = bureau.api()("POST", "/festivals", SPRING, role="office").json
    assert bureau.owed() == [("festival", "2023-01-22", "open")] * 2
    visit(bureau, "2023-01-07", occasion="festival")
    visit(bureau, "2023-01-08", occasion="festival", cadre_id=CHEN)
    assert sorted(states(bureau)) == ["met", "open"]
    assert problem(bureau.api()("POST", "/festivals", SPRING)) == (409, "festival-exists")
    path = f"/festivals/{listed['id']}"
    bureau.api()("PATCH", path, {"held_on": "2023-01-21"}, If_Match='"1"')
    assert [(due, state) for _, due, state in bureau.owed()] in (
        [("2023-01-21", "met"), ("2023-01-21", "met")],
        [("2023-01-21", "met"), ("2023-01-21", "open")],
        [("2023-01-21", "open"), ("2023-01-21", "met")],
    )
    bureau.api()("POST", f"{path}/retire")
    assert states(bureau) == ["cancelled", "cancelled"]
    assert bureau.api()("POST", f"{path}/relist").json["state"] == "listed"
    assert "cancelled" not in states(bureau)
    whats = [name for name in bureau.types() if name.startswith("festival.")]
    assert whats == ["festival.listed", "festival.amended", "festival.amended", "festival.listed"]


def test_a_festival_far_ahead_raises_nothing_before_it_comes_near(bureau):
    add_kinds(bureau.database, festival=FESTIVAL)
    bureau.api()("POST", "/festivals", {"name": "端午节", "held_on": "2023-06-22"})
    bureau.api()("POST", "/festivals", {"name": "元旦", "held_on": "2023-01-01"})
    assert bureau.owed() == []
    bureau.night(date(2023, 6, 7))
    assert bureau.owed() == []
    bureau.night(date(2023, 6, 8))
    assert bureau.owed() == [("festival", "2023-06-22", "open")]
    bureau.registry("registered", "G0002", today=date(2023, 6, 10), registered_on="2023-06-09")
    assert len(bureau.owed()) == 2


def test_a_festival_concerns_those_with_the_flag_of_its_kind(bureau):
    add_kinds(bureau.database, festival={**FESTIVAL, "concerns": "living_alone"})
    bureau.registry("registered", "G0002", living_alone=True)
    bureau.api()("POST", "/festivals", SPRING)
    [owed] = bureau.api()("GET", "/obligations").json["items"]
    assert owed["cadre_id"] == CHEN
    bureau.registry("care-changed", "G0002", on="2023-01-10", living_alone=False)
    bureau.registry("care-changed", "G0001", on="2023-01-10", living_alone=True)
    found = {one["cadre_id"]: one["state"] for one in bureau.api()("GET", "/obligations").json["items"]}
    assert found == {CHEN: "cancelled", LIN: "open"}


def test_whoever_dies_or_is_transferred_is_owed_no_more_visits(bureau):
    add_kinds(bureau.database, festival=FESTIVAL, hardship=HARDSHIP)
    bureau.registry("registered", "G0002")
    bureau.registry("care-changed", "G0001", on="2023-01-05", hardship=True)
    report(bureau)
    bureau.api()("POST", "/festivals", SPRING)
    bureau.die("G0001", "2023-01-09")
    bureau.registry("transferred", "G0002", direction="out", away=away("2023-01-10"))
    assert [one for one in bureau.owed() if one[2] != "cancelled"] == [("death", "2023-01-16", "open")]
    bureau.die("G0001", None)
    bureau.registry("transferred", "G0002", direction="in", away=away("2023-01-10", "2023-01-10"))
    assert [kind for kind, _, state in bureau.owed() if state == "open"] == [
        "illness",
        "hardship",
        "festival",
        "festival",
    ]


def test_what_was_missed_before_a_death_that_is_learnt_late_was_not_missed(bureau):
    report(bureau, "2022-12-01", "2022-12-02", today=date(2022, 12, 2))
    bureau.night(TODAY)
    bureau.die("G0001", "2022-12-05")
    assert states(bureau) == ["cancelled"]
    bureau.die("G0001", "2022-12-30")
    assert bureau.owed()[0] == ("illness", "2022-12-09", "missed")


def test_the_office_edits_the_list_and_nobody_else(bureau):
    api = bureau.api()
    path = "/obligation-kinds/illness"
    month = {**ILLNESS, "days": 30}
    assert problem(api("PUT", path, month, role="liaison"))[0] == 403
    assert problem(api("PUT", path, month, role="office")) == (428, "version-required")
    assert problem(api("PUT", path, month, role="office", If_Match='"9"')) == (412, "version-changed")
    changed = api("PUT", path, month, role="office", If_Match='"1"').json
    assert {name: changed[name] for name in ("code", "days", "version")} == {
        "code": "illness",
        "days": 30,
        "version": 2,
    }
    assert api("PUT", path, month, role="office", If_Match='"2"').json["version"] == 2
    assert api("PUT", "/obligation-kinds/lonely", ILLNESS, role="office").json["version"] == 1
    assert problem(api("PUT", path, {**ILLNESS, "days": -1}, If_Match='"2"')) == (422, "invalid")
    assert problem(api("PUT", path, {**ILLNESS, "occasions": []}, If_Match='"2"')) == (422, "invalid")
    listed = api("GET", "/obligation-kinds", role="liaison").json["items"]
    assert [kind["code"] for kind in listed] == ["death", "illness", "lonely"]
    changes = [event["data"] for name, event in bureau.events() if name == "obligation-kind.changed"]
    assert [(data["code"], data["days"]) for data in changes] == [
        ("illness", 7),
        ("death", 7),
        ("illness", 30),
        ("lonely", 7),
    ]


def test_an_address_with_a_line_feed_leads_nowhere(bureau):
    assert problem(bureau.api()("PUT", "/obligation-kinds/illness%0A", ILLNESS)) == (404, "not-found")
    assert len(bureau.api()("GET", "/obligation-kinds").json["items"]) == 2


@pytest.mark.parametrize("code", ["9", "%C3%A9t%C3%A9", "a" * 21, "Illness", "%E7%94%9F%E7%97%85"])
def test_what_is_no_code_is_refused(bureau, code):
    assert problem(bureau.api()("PUT", f"/obligation-kinds/{code}", ILLNESS)) == (422, "bad-kind-code")
    assert len(bureau.api()("GET", "/obligation-kinds").json["items"]) == 2


def test_what_is_owed_is_on_the_list_of_the_liaison_and_of_the_person(bureau):
    bureau.registry("registered", "G0002", liaison="l9999ffff")
    stay = report(bureau)
    bureau.merge("G0001", into="G0002")
    for query in ("liaison=l9999ffff&state=open", f"cadre_id={LIN}", f"cadre_id={CHEN}&kind=illness"):
        [one] = bureau.api()("GET", f"/obligations?{query}", role="liaison").json["items"]
        assert (one["cadre_id"], one["stay_id"], one["due_on"]) == (LIN, stay["id"], "2023-01-12")
        assert bureau.api()("GET", f"/obligations/{one['id']}").json == one
    assert bureau.api()("GET", "/obligations?liaison=l1234abcd").json["items"] == []


def test_on_the_day_of_the_deadline_itself_nothing_is_missed_yet(bureau):
    report(bureau, "2022-12-01", "2022-12-02", today=date(2022, 12, 2))
    for today, state in ((date(2022, 12, 9), "open"), (date(2022, 12, 10), "missed")):
        bureau.registry("amended", "G0001", today=today)
        assert states(bureau) == [state]


def test_who_dies_on_the_day_of_the_deadline_is_owed_no_visit(bureau):
    report(bureau)
    bureau.die("G0001", "2023-01-12", today=date(2023, 1, 12))
    assert bureau.owed()[0] == ("illness", "2023-01-12", "cancelled")


def test_who_is_served_again_on_the_day_of_the_deadline_is_owed_the_visit(bureau):
    report(bureau)
    bureau.registry("transferred", "G0001", direction="out", away=away("2023-01-08"))
    assert states(bureau) == ["cancelled"]
    bureau.registry("transferred", "G0001", direction="in", away=away("2023-01-08", "2023-01-12"))
    assert states(bureau) == ["open"]
    bureau.registry("amended", "G0001", away=away("2023-01-08", "2023-01-13"))
    assert states(bureau) == ["cancelled"]


def test_nothing_is_owed_whose_deadline_lies_before_the_registration(bureau):
    report(bureau)
    bureau.registry("amended", "G0001", registered_on="2023-01-13")
    assert states(bureau) == ["cancelled"]
    bureau.registry("amended", "G0001", registered_on="2023-01-12")
    assert states(bureau) == ["open"]
