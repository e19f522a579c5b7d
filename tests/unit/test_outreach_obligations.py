from __future__ import annotations

from datetime import date, timedelta

import pytest

from hongxia import ids
from hongxia.http.problems import Conflict, Problem
from services.outreach import cadres, obligations, stays, visits
from services.outreach.models import Obligation
from tests.unit.outreach_builders import (
    LIN,
    TODAY,
    Api,
    add_cadre,
    cadre_event,
    event_of,
    new_database,
    problem,
    types,
    work,
)

ILLNESS = {"title": "生病住院", "days": 7, "raised_by": "stay", "occasions": ["illness"], "active": True}
DEATH = {"title": "去世", "days": 7, "raised_by": "death", "occasions": ["death"], "active": True}
REPORT = stays.Report(LIN, date(2022, 12, 28), date(2023, 1, 5), "区中心医院")


@pytest.fixture
def database():
    made = new_database()
    add_cadre(made, liaison="联络一组")
    with work(made) as session:
        obligations.add_kind(session, "illness", ILLNESS)
        obligations.add_kind(session, "death", DEATH)
    return made


def report(database, told=REPORT, today=TODAY):
    with work(database) as session:
        cadre = cadres.locked(session, told.cadre_id)
        return stays.report(session, told, cadre, today, stays.find(session, told.id))


def pay(database, on, occasion="illness"):
    with work(database) as session:
        details = visits.Details(LIN, on, "hospital", "routine", occasion, True, 1)
        visit = visits.record(session, ids.new_id(), details, cadres.find(session, LIN), TODAY)
        obligations.review(session, [LIN], TODAY)
        return visit


def learn(database, *events):
    with work(database) as session:
        cadres.take(session, events)
        obligations.follow_deaths(session, {event.subject for event in events}, TODAY)


def owed(database):
    with work(database) as session:
        found = session.query(Obligation).order_by(Obligation.due_on, Obligation.id).all()
        return [(one.kind, one.due_on, one.state) for one in found]


def test_a_reported_stay_raises_a_visit_due_within_the_days_of_its_kind(database):
    report(database)
    assert owed(database) == [("illness", date(2023, 1, 12), "open")]
    assert types(database) == []


def test_a_fitting_visit_within_the_time_meets_it_and_no_other(database):
    report(database)
    pay(database, date(2023, 1, 6), occasion="routine")
    pay(database, date(2022, 12, 27))
    assert owed(database)[0][2] == "open"
    pay(database, date(2022, 12, 29))
    assert owed(database)[0][2] == "met"


def test_a_visit_that_was_paid_before_the_stay_was_reported_meets_it_too(database):
    pay(database, date(2022, 12, 29))
    report(database)
    assert owed(database)[0][2] == "met"


def test_voiding_the_visit_leaves_the_obligation_open_again(database):
    report(database)
    visit = pay(database, date(2023, 1, 6))
    with work(database) as session:
        visits.void(session, visits.get(session, visit.id), "entered-in-error")
        obligations.review(session, [LIN], TODAY)
    assert owed(database)[0][2] == "open"


def test_a_deadline_that_has_passed_is_missed_and_a_visit_entered_late_still_meets_it(database):
    report(database, stays.Report(LIN, date(2022, 12, 1), date(2022, 12, 2)), today=date(2022, 12, 2))
    for today, state in ((date(2022, 12, 9), "open"), (date(2022, 12, 10), "missed")):
        with work(database) as session:
            obligations.mark_missed(session, today)
        assert owed(database)[0][2] == state
    pay(database, date(2022, 12, 10))
    assert owed(database)[0][2] == "missed"
    pay(database, date(2022, 12, 9))
    assert owed(database)[0][2] == "met"


def test_a_voided_report_takes_its_obligation_back_and_the_same_stay_can_be_reported_again(database):
    stay = report(database)
    with pytest.raises(Conflict):
        report(database)
    with work(database) as session:
        stays.void(session, stays.get(session, stay.id), "entered-in-error")
    assert owed(database)[0][2] == "cancelled"
    assert report(database).version == 3
    assert [state for _, _, state in owed(database)] == ["open"]


def test_a_death_raises_a_visit_to_the_family_once_however_often_it_is_cadre_event(database):
    died = cadre_event("deceased", 2, deceased_on="2023-01-08")
    for _ in range(2):
        learn(database, died)
    assert owed(database) == [("death", date(2023, 1, 15), "open")]
    pay(database, date(2023, 1, 9), occasion="death")
    assert owed(database)[0][2] == "met"


def test_a_corrected_date_of_death_moves_the_obligation(database):
    learn(database, cadre_event("deceased", 2, deceased_on="2023-01-08"))
    learn(database, cadre_event("amended", 3, deceased_on="2023-01-07"))
    assert owed(database) == [("death", date(2023, 1, 14), "open"), ("death", date(2023, 1, 15), "cancelled")]
    learn(database, cadre_event("amended", 4))
    assert [state for _, _, state in owed(database)] == ["cancelled", "cancelled"]
    learn(database, cadre_event("amended", 5, deceased_on="2023-01-08"))
    assert owed(database)[1] == ("death", date(2023, 1, 15), "open")


def test_of_two_records_of_one_person_only_the_remaining_one_owes_a_visit(database):
    merged = {**cadre_event().data, "deceased_on": "2023-01-08", "into": ids.entity_id("cadre", "G0002")}
    learn(database, cadre_event("deceased", 2, deceased_on="2023-01-08"))
    learn(database, event_of("hongxia.registry.cadre.merged.v1", LIN, merged, version=3))
    assert owed(database) == [("death", date(2023, 1, 15), "cancelled")]


def test_what_the_bureau_takes_off_its_list_is_raised_no_more(database):
    with work(database) as session:
        obligations.change_kind(obligations.find_kind(session, "illness"), {**ILLNESS, "active": False})
    report(database)
    assert owed(database) == []


@pytest.mark.parametrize(
    ("wrong", "slug"),
    [
        (stays.Report(LIN, TODAY, TODAY - timedelta(1)), "reported-before-admission"),
        (stays.Report(LIN, TODAY + timedelta(1), TODAY + timedelta(1)), "date-in-future"),
        (stays.Report("nobody", TODAY, TODAY), "unknown-cadre"),
    ],
)
def test_a_stay_that_can_not_be_is_refused(database, wrong, slug):
    with pytest.raises(Problem) as raised:
        report(database, wrong)
    assert raised.value.slug == slug


def test_the_office_edits_the_list_and_nobody_else(database):
    api = Api(database)
    path = "/obligation-kinds/illness"
    week, month = ILLNESS, {**ILLNESS, "days": 30}
    assert problem(api("PUT", path, month, role="liaison"))[0] == 403
    assert problem(api("PUT", path, month, role="office")) == (428, "version-required")
    assert problem(api("PUT", path, month, role="office", If_Match='"9"')) == (412, "version-changed")
    assert api("PUT", path, month, role="office", If_Match='"1"').json == {"code": "illness", **month, "version": 2}
    assert api("PUT", "/obligation-kinds/lonely", week, role="office").json["version"] == 1
    assert problem(api("PUT", "/obligation-kinds/9%00", week)) == (422, "bad-kind-code")
    assert problem(api("PUT", path, {**week, "days": 0}, If_Match='"2"')) == (422, "invalid")
    listed = api("GET", "/obligation-kinds", role="liaison").json["items"]
    assert [kind["code"] for kind in listed] == ["death", "illness", "lonely"]


def test_a_stay_is_reported_ended_and_on_the_list_of_the_liaison(database):
    api = Api(database)
    stay = api("POST", "/stays", {"cadre_id": LIN, "admitted_on": "2023-01-09"}, role="liaison")
    path = "/" + stay.headers["Location"]
    assert stay.json["reported_on"] == "2023-01-10"
    assert problem(api("POST", "/stays", {"cadre_id": LIN, "admitted_on": "2023-01-09"})) == (409, "duplicate-stay")
    assert problem(api("POST", f"{path}/end", {"discharged_on": "2023-01-08"}))[1] == "discharged-before-admission"
    assert api("POST", f"{path}/end", {"discharged_on": "2023-01-10"}).json["state"] == "ended"
    mine = api("GET", "/obligations?liaison=联络一组&state=open", role="liaison").json["items"]
    assert [(one["kind"], one["due_on"], one["stay_id"]) for one in mine] == [
        ("illness", "2023-01-17", stay.json["id"])
    ]
    assert api("GET", "/obligations?liaison=联络二组").json["items"] == []
    visit = {
        "cadre_id": LIN,
        "visited_on": "2023-01-10",
        "form": "hospital",
        "category": "routine",
        "occasion": "illness",
        "five_must": True,
        "people": 2,
    }
    paid = api("POST", "/visits", visit).json
    [met] = api("GET", "/obligations?kind=illness").json["items"]
    assert (met["state"], met["visit_id"]) == ("met", paid["id"])
