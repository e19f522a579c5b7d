"""Cases of one kind: a rule between two records holds, whichever of them is learnt of later."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.away_builders import away
from tests.unit.outreach_builders import (
    CHEN,
    ILLNESS,
    LIN,
    TODAY,
    Bureau,
    add_kinds,
    answer,
    finance_event,
    imported,
    problem,
)

VISIT = {
    "cadre_id": LIN,
    "visited_on": "2022-08-20",
    "form": "home",
    "category": "routine",
    "occasion": "routine",
    "five_must": False,
    "people": 1,
}
CONTACT = {"cadre_id": LIN, "contacted_on": "2022-08-20", "method": "phone"}
STAY = {"cadre_id": LIN, "admitted_on": "2022-08-20", "reported_on": "2022-08-21"}
APPLICATION = {"cadre_id": LIN, "cause": "illness", "applied_on": "2022-11-01"}
GRANT = {"amount": "8000.00", "approved_on": "2022-11-10"}


@pytest.fixture
def bureau():
    return Bureau("G0001", "G0002")


def make(bureau, url, body):
    made = bureau.api()("POST", url, body)
    assert made.status_code == 201, made.json
    return made.json


def aid(bureau):
    return "/aid-cases/" + make(bureau, "/aid-cases", APPLICATION)["id"]


def state(bureau, path):
    return bureau.api()("GET", path).json["state"]


def test_aid_of_who_had_died_before_applying_is_withdrawn_and_not_approved(bureau):
    path = aid(bureau)
    bureau.die("G0001", "2022-10-01")
    assert bureau.api()("GET", path).json["withdrawal"] == "deceased"
    assert bureau.types()[-1] == "aid.withdrawn"
    assert problem(bureau.api()("POST", f"{path}/approve", GRANT)) == (409, "wrong-state")
    assert problem(bureau.api()("POST", f"{path}/reopen")) == (422, "cadre-deceased")


def test_approved_aid_that_is_not_paid_is_withdrawn_and_finance_hears_of_it(bureau):
    path = aid(bureau)
    bureau.api()("POST", f"{path}/approve", GRANT)
    bureau.die("G0001", "2022-10-01")
    name, event = bureau.events()[-1]
    assert (name, event["data"]) == (
        "aid.withdrawn",
        {"cadre_id": LIN, "amount_fen": 800_000, "reason": "deceased"},
    )


def test_a_payment_that_the_bank_returned_after_the_death_is_not_made_again(bureau):
    path = aid(bureau)
    case_id = bureau.api()("POST", f"{path}/approve", GRANT).json["id"]
    answer(bureau.database, finance_event("paid", case_id), finance_event("returned", case_id, 2))
    bureau.die("G0001", "2022-10-01")
    assert state(bureau, path) == "withdrawn"


def test_who_died_after_applying_still_gets_what_was_applied_for(bureau):
    path = aid(bureau)
    bureau.die("G0001", "2022-11-05")
    assert bureau.api()("POST", f"{path}/approve", GRANT).json["state"] == "approved"
    bureau.die("G0001", "2022-11-01")
    assert state(bureau, path) == "approved"


def test_a_death_that_is_withdrawn_brings_the_application_back_to_be_decided(bureau):
    path = aid(bureau)
    bureau.api()("POST", f"{path}/approve", GRANT)
    bureau.die("G0001", "2022-10-01")
    bureau.die("G0001", None)
    case = bureau.api()("GET", path).json
    assert (case["state"], case["amount"], case["withdrawal"]) == ("applied", None, None)
    assert bureau.types()[-1] == "aid.applied"
    assert bureau.api()("POST", f"{path}/approve", GRANT).json["state"] == "approved"


def test_what_the_office_withdrew_itself_stays_withdrawn_whatever_becomes_of_the_cadre(bureau):
    path = aid(bureau)
    bureau.api()("POST", f"{path}/withdraw", {"reason": "by-applicant"})
    bureau.die("G0001", "2022-10-01")
    bureau.die("G0001", None)
    assert state(bureau, path) == "withdrawn"


def test_aid_that_was_paid_before_the_death_became_known_is_listed(bureau):
    path = aid(bureau)
    case_id = bureau.api()("POST", f"{path}/approve", GRANT).json["id"]
    answer(bureau.database, finance_event("paid", case_id))
    bureau.die("G0001", "2022-10-01")
    assert (state(bureau, path), bureau.contradictions()) == ("paid", [("after-death", "aid-cases")])
    answer(bureau.database, finance_event("reversed", case_id, 2))
    bureau.registry("amended", "G0001")
    assert bureau.contradictions("resolved") == [("after-death", "aid-cases")]


def test_aid_that_finance_paid_while_it_was_withdrawn_is_listed(bureau):
    path = aid(bureau)
    case_id = bureau.api()("POST", f"{path}/approve", GRANT).json["id"]
    bureau.die("G0001", "2022-10-01")
    answer(bureau.database, finance_event("paid", case_id))
    assert (state(bureau, path), bureau.contradictions()) == ("paid", [("after-death", "aid-cases")])


@pytest.mark.parametrize(
    ("url", "body"), [("/visits", VISIT), ("/contacts", CONTACT), ("/stays", STAY)], ids=["visit", "contact", "stay"]
)
def test_what_lies_after_a_death_that_is_learnt_later_is_listed_until_it_is_voided(bureau, url, body):
    made = make(bureau, url, body)
    bureau.die("G0001", "2022-08-09")
    found = [("after-death", url.strip("/"))]
    assert bureau.contradictions() == found
    [listed] = bureau.api()("GET", "/contradictions").json["items"]
    assert (listed["record_id"], listed["scope"], listed["on"]) == (made["id"], LIN, "2022-08-20")
    assert bureau.types()[-1] == "contradiction.found"
    bureau.api()("POST", f"{url}/{made['id']}/void", {"reason": "other"})
    assert (bureau.contradictions("resolved"), bureau.types()[-1]) == (found, "contradiction.resolved")


def test_a_contradiction_is_gone_when_the_date_of_the_death_or_of_the_record_is_corrected(bureau):
    visit, contact = make(bureau, "/visits", VISIT), make(bureau, "/contacts", CONTACT)
    bureau.die("G0001", "2022-08-09")
    bureau.api()("PATCH", f"/visits/{visit['id']}", {"visited_on": "2022-08-09"}, If_Match='"1"')
    assert bureau.contradictions() == [("after-death", "contacts")]
    bureau.registry("amended", "G0001", deceased_on="2022-08-20")
    assert bureau.contradictions() == []
    bureau.registry("amended", "G0001", deceased_on="2022-08-09")
    assert bureau.contradictions() == [("after-death", "contacts")]
    bureau.api()("PATCH", f"/contacts/{contact['id']}", {"contacted_on": "2022-08-01"}, If_Match='"1"')
    assert bureau.contradictions() == []


def test_somebody_explains_a_contradiction_and_it_stays_explained(bureau):
    make(bureau, "/visits", VISIT)
    bureau.die("G0001", "2022-08-09")
    [listed] = bureau.api()("GET", "/contradictions").json["items"]
    path = f"/contradictions/{listed['id']}/explain"
    bureau.api()("POST", path, {"explanation": "走访的是家属，事由无误"}, role="liaison")
    bureau.registry("amended", "G0001")
    assert (bureau.contradictions(), bureau.contradictions("explained")) == ([], [("after-death", "visits")])
    name, event = bureau.events()[-1]
    assert name == "contradiction.explained"
    assert "家属" not in str(event)


def test_a_visit_to_the_family_after_the_death_contradicts_nothing(bureau):
    make(bureau, "/visits", {**VISIT, "occasion": "death"})
    bureau.die("G0001", "2022-08-09")
    assert bureau.contradictions() == []


def test_a_registration_that_moves_behind_records_lists_them(bureau):
    for url, body in (("/visits", VISIT), ("/contacts", CONTACT), ("/stays", STAY)):
        make(bureau, url, body)
    bureau.registry("amended", "G0001", registered_on="2022-09-01")
    assert bureau.contradictions() == [
        ("before-registration", "contacts"),
        ("before-registration", "stays"),
        ("before-registration", "visits"),
    ]
    bureau.registry("amended", "G0001", registered_on="2022-08-20")
    assert bureau.contradictions() == []


def test_records_of_the_time_in_which_another_bureau_served_the_cadre_are_listed(bureau):
    make(bureau, "/visits", VISIT)
    make(bureau, "/contacts", CONTACT)
    bureau.registry("transferred", "G0001", direction="out", away=away("2022-08-01"))
    assert bureau.contradictions() == [("while-away", "contacts"), ("while-away", "visits")]
    bureau.registry("transferred", "G0001", direction="in", away=away("2022-08-01", "2022-08-20"))
    assert bureau.contradictions() == []


def test_the_death_of_one_number_concerns_the_records_of_all_numbers_of_the_person(bureau):
    make(bureau, "/visits", VISIT)
    bureau.merge("G0001", into="G0002")
    bureau.die("G0002", "2022-08-09")
    assert bureau.contradictions() == [("after-death", "visits")]
    bureau.undo_merge("G0001", into="G0002")
    assert bureau.contradictions() == []


def test_imported_records_are_held_against_a_death_that_is_learnt_later(bureau):
    row = {"cadre_id": "G0001", "contacted_on": date(2022, 8, 20), "method": "phone"}
    imported(bureau.database, contacts=[row, {**row, "contacted_on": date(2022, 8, 9)}])
    bureau.die("G0001", "2022-08-09")
    assert bureau.contradictions() == [("after-death", "contacts")]


def test_an_open_stay_ends_with_the_death_and_lasts_on_when_the_death_is_withdrawn(bureau):
    stay = make(bureau, "/stays", {**STAY, "admitted_on": "2022-08-01", "reported_on": "2022-08-02"})
    bureau.die("G0001", "2022-08-09")
    name, event = bureau.events()[-1]
    assert (name, event["occurredon"], event["data"]["discharged_on"]) == ("stay.ended", "2022-08-09", "2022-08-09")
    bureau.registry("amended", "G0001", deceased_on="2022-08-10")
    assert bureau.types()[-1] == "stay.amended"
    assert bureau.api()("GET", f"/stays/{stay['id']}").json["discharged_on"] == "2022-08-10"
    bureau.die("G0001", None)
    assert state(bureau, f"/stays/{stay['id']}") == "reported"


def test_a_stay_that_is_reported_after_the_death_became_known_ends_with_it_at_once(bureau):
    bureau.die("G0001", "2022-08-25")
    stay = make(bureau, "/stays", STAY)
    assert state(bureau, f"/stays/{stay['id']}") == "ended"


def test_a_discharge_that_was_recorded_stays_when_a_later_death_becomes_known(bureau):
    stay = make(bureau, "/stays", STAY)
    bureau.api()("POST", f"/stays/{stay['id']}/end", {"discharged_on": "2022-08-30"})
    bureau.die("G0001", "2022-09-09")
    assert bureau.api()("GET", f"/stays/{stay['id']}").json["discharged_on"] == "2022-08-30"
    bureau.registry("amended", "G0001", deceased_on="2022-08-25")
    assert bureau.contradictions() == [("after-death", "stays")]


def test_a_kind_whose_occasions_change_reviews_what_is_missed(bureau):
    add_kinds(bureau.database, illness=ILLNESS, today=date(2022, 8, 1))
    bureau.api(date(2022, 8, 21))("POST", "/stays", STAY)
    make(bureau, "/visits", {**VISIT, "visited_on": "2022-08-22"})
    bureau.night(TODAY)
    assert bureau.owed() == [("illness", "2022-08-28", "missed")]
    kind = {**ILLNESS, "occasions": ["illness", "routine"]}
    bureau.api()("PUT", "/obligation-kinds/illness", kind, If_Match='"1"')
    assert bureau.owed() == [("illness", "2022-08-28", "met")]


def test_events_of_a_merge_and_a_death_that_come_in_one_batch_are_reviewed_together(bureau):
    make(bureau, "/visits", VISIT)
    bureau.learn(
        bureau.event("merged", "G0001", into=CHEN),
        bureau.event("deceased", "G0002", deceased_on="2022-08-09"),
    )
    assert bureau.contradictions() == [("after-death", "visits")]


def test_an_application_is_not_brought_back_beside_another_aid_of_the_year(bureau):
    path = aid(bureau)
    make(bureau, "/aid-cases", {**APPLICATION, "cadre_id": CHEN})
    bureau.die("G0001", "2022-10-01")
    bureau.merge("G0001", into="G0002")
    assert state(bureau, path) == "withdrawn"
    assert bureau.contradictions() == []


# ---- what was explained


def explain(bureau, kind="after-death"):
    """Explain the one open contradiction; return its path."""
    [listed] = bureau.api()("GET", "/contradictions?state=open").json["items"]
    assert listed["kind"] == kind
    path = f"/contradictions/{listed['id']}"
    assert bureau.api()("POST", f"{path}/explain", {"explanation": "已与家属核实"}).status_code == 200
    return path


@pytest.mark.parametrize(
    ("url", "body", "other", "day"),
    [
        ("/visits", VISIT, {"people": 3}, "visited_on"),
        ("/visits", VISIT, {"people": 7}, "visited_on"),
        ("/contacts", CONTACT, {"method": "wechat"}, "contacted_on"),
        ("/stays", STAY, {"hospital": "市第一医院"}, "admitted_on"),
        ("/stays", STAY, {"reported_on": "2022-08-22"}, "admitted_on"),
    ],
)
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"deceased_on": "2022-08-09"}, "cadre-deceased"),
        ({"registered_on": "2022-08-25"}, "before-registration"),
        ({"away": away("2022-08-01")}, "cadre-transferred"),
    ],
)
def test_a_record_that_is_contradicted_is_amended_in_all_but_what_contradicts(
    bureau, url, body, other, day, state, code
):
    made = make(bureau, url, body)
    bureau.registry("amended", "G0001", **state)
    assert len(bureau.contradictions()) == 1
    path = f"{url}/{made['id']}"
    amended = bureau.api()("PATCH", path, other, If_Match="*")
    assert amended.status_code == 200, amended.json
    assert len(bureau.contradictions()) == 1
    refused = bureau.api()("PATCH", path, {day: "2022-08-21"}, If_Match="*")
    assert problem(refused) == (422, code)


def test_the_cause_of_an_explained_case_of_aid_is_amended(bureau):
    path = aid(bureau)
    bureau.registry("transferred", "G0001", direction="out", away=away("2022-10-01"))
    explain(bureau, "while-away")
    assert bureau.api()("PATCH", path, {"cause": "poverty"}, If_Match="*").status_code == 200
    refused = bureau.api()("PATCH", path, {"applied_on": "2022-11-02"}, If_Match="*")
    assert problem(refused) == (422, "cadre-transferred")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"deceased_on": "2022-08-09"}, {"deceased_on": "2022-08-01"}),
        ({"registered_on": "2022-08-25"}, {"registered_on": "2022-08-26"}),
        ({"away": away("2022-08-01")}, {"away": away("2022-08-02")}),
        ({"away": away("2022-08-01")}, {"away": away("2022-08-01", "2022-09-01")}),
    ],
)
def test_an_explanation_holds_for_the_dates_that_it_was_given_to(bureau, first, then):
    make(bureau, "/contacts", CONTACT)
    bureau.registry("amended", "G0001", **first)
    [(kind, _)] = bureau.contradictions()
    path = explain(bureau, kind)
    bureau.registry("care-changed", "G0001", hardship=True)
    assert state(bureau, path) == "explained"
    bureau.registry("amended", "G0001", **then)
    assert state(bureau, path) == "open"
    assert bureau.types()[-1] == "contradiction.found"


def test_an_explanation_ends_when_the_record_gets_another_day(bureau):
    made = make(bureau, "/contacts", {**CONTACT, "contacted_on": "2022-08-05"})
    bureau.registry("transferred", "G0001", direction="in", away=away("2022-08-01", "2022-08-10"))
    path = explain(bureau, "while-away")
    times = [*away("2022-08-01", "2022-08-10"), *away("2022-09-01")]
    bureau.registry("amended", "G0001", away=times)
    assert state(bureau, path) == "explained"
    amended = bureau.api()("PATCH", f"/contacts/{made['id']}", {"contacted_on": "2022-08-20"}, If_Match="*")
    assert amended.status_code == 200
    assert state(bureau, path) == "resolved"
    bureau.registry("amended", "G0001", away=away("2022-08-15"))
    found = bureau.api()("GET", path).json
    assert (found["state"], found["on"]) == ("open", "2022-08-20")


def test_a_merge_with_a_record_of_the_same_death_leaves_an_explanation_as_it_is(bureau):
    make(bureau, "/visits", VISIT)
    for number in ("G0001", "G0002"):
        bureau.die(number, "2022-08-09")
    path = explain(bureau)
    bureau.merge("G0001", into="G0002")
    found = bureau.api()("GET", path).json
    assert (found["state"], found["scope"]) == ("explained", CHEN)
    bureau.undo_merge("G0001", into="G0002")
    found = bureau.api()("GET", path).json
    assert (found["state"], found["scope"]) == ("explained", LIN)


@pytest.mark.parametrize(("url", "body"), [("/visits", VISIT), ("/stays", STAY)])
def test_a_contradiction_goes_with_its_record_to_another_cadre(bureau, url, body):
    """It is looked for under the cadre that it belongs to: one that stayed behind would never be resolved."""
    made = make(bureau, url, body)
    bureau.die("G0001", "2022-08-09")
    path = explain(bureau)
    assert bureau.api()("PATCH", f"{url}/{made['id']}", {"cadre_id": CHEN}, If_Match="*").status_code == 200
    assert state(bureau, path) == "resolved"
    bureau.die("G0002", "2022-08-09")
    found = bureau.api()("GET", path).json
    assert (found["state"], found["scope"]) == ("open", CHEN)
    assert bureau.events()[-1][1]["data"]["scope"] == CHEN
    bureau.die("G0002", None)
    assert state(bureau, path) == "resolved"
