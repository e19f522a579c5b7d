"""When the other record changes, over all services: a death that is learnt late, and what it means for the figures."""

from __future__ import annotations

import pytest

from tests.bureau.beginning import Beginning
from tests.bureau.bureau import Refused
from tests.bureau.office import Office


def test_a_death_before_the_application_keeps_aid_from_being_approved_and_paid(
    office: Office, begun: Beginning
) -> None:
    cadre = begun.cadres[0]["id"]
    office.line(pays_aid=True)
    case = office.aid(cadre, applied_on="2022-11-01")
    office.death(cadre, "2022-10-01")
    with pytest.raises(Refused):
        granted = {"amount": "1000.00", "approved_on": "2022-11-10"}
        office.post("outreach", f"/aid-cases/{case['id']}/approve", granted)
    assert office.bureau.all("finance", "/expenditures") == []
    assert office.bureau.figures(2022)["finance.aid.paid"] == "0.00"


def test_everything_after_a_death_that_is_learnt_late_is_listed_where_it_is_owned_and_counted_beside_the_figures(
    office: Office, begun: Beginning
) -> None:
    cadre = begun.cadres[0]["id"]
    office.contact(cadre, contacted_on="2022-08-20")
    office.visit(cadre, visited_on="2022-08-20")
    meeting = office.session(held_on="2022-08-15")
    office.post("activities", f"/sessions/{meeting['id']}/attendances", {"cadre_id": cadre})
    office.death(cadre, "2022-08-09")
    outreach = office.bureau.all("outreach", "/contradictions?state=open")
    activities = office.bureau.all("activities", "/contradictions?state=open")
    assert sorted(each["record"] for each in outreach) == ["contacts", "visits"]
    assert [each["record"] for each in activities] == ["attendances"]
    found = office.bureau.get("reporting", "/years/2022/indicators")["contradictions"]
    counts = {each["source"]: each["open"] for each in found}
    assert (counts["outreach"], counts["activities"]) == (2, 1)
    office.post("registry", f"/cadres/{cadre}/death/withdraw", {"reason": "entered-in-error"})
    found = office.bureau.get("reporting", "/years/2022/indicators")["contradictions"]
    assert {each["open"] for each in found} == {0}


def test_a_budget_line_that_is_lowered_below_what_aid_took_is_refused(office: Office, begun: Beginning) -> None:
    office.paid(begun.cadres[0]["id"])
    (line,) = office.bureau.all("finance", "/budget-lines")
    with pytest.raises(Refused, match="余额不足"):
        office.bureau.patch("finance", f"/budget-lines/{line['id']}", {"initial": "500.00"})


def test_a_registration_that_moves_behind_a_visit_lists_the_visit_until_it_moves_back(
    office: Office, begun: Beginning
) -> None:
    cadre = begun.cadres[0]["id"]
    office.visit(cadre)
    office.bureau.patch("registry", f"/cadres/{cadre}", {"registered_on": "2022-08-01"})
    office.bureau.settle()
    (found,) = office.bureau.all("outreach", "/contradictions?state=open")
    assert found["kind"] == "before-registration"
    office.bureau.patch("registry", f"/cadres/{cadre}", {"registered_on": "2012-05-01"})
    office.bureau.settle()
    assert office.bureau.all("outreach", "/contradictions?state=open") == []


def test_aid_that_finance_paid_after_its_withdrawal_is_listed_beside_the_second_one(
    office: Office, begun: Beginning
) -> None:
    bureau, cadre = office.bureau, begun.cadres[0]["id"]
    office.line(pays_aid=True)
    first = office.aid(cadre)
    granted = {"amount": "1000.00", "approved_on": "2022-10-10"}
    bureau.post("outreach", f"/aid-cases/{first['id']}/approve", granted)
    bureau.nodes["outreach"].number()
    bureau.nodes["finance"].read(bureau.nodes["outreach"])
    bureau.post("outreach", f"/aid-cases/{first['id']}/withdraw", {"reason": "by-applicant"})
    second = bureau.post("outreach", "/aid-cases", office.aid_body(cadre))
    bureau.settle()
    assert bureau.get("outreach", f"/aid-cases/{first['id']}")["state"] == "paid"
    kinds = {each["kind"]: each["record_id"] for each in bureau.all("outreach", "/contradictions?state=open")}
    assert kinds == {"aided-twice": second["id"]}
    assert [each["kind"] for each in bureau.all("finance", "/contradictions?state=open")] == ["paid-but-withdrawn"]


def test_a_case_may_be_opened_again_before_finance_has_answered_the_first_approval(
    office: Office, begun: Beginning
) -> None:
    case = office.aid(begun.cadres[0]["id"])
    granted = {"amount": "1000.00", "approved_on": "2022-10-10"}
    office.bureau.post("outreach", f"/aid-cases/{case['id']}/approve", granted)
    office.bureau.post("outreach", f"/aid-cases/{case['id']}/withdraw", {"reason": "by-applicant"})
    office.bureau.post("outreach", f"/aid-cases/{case['id']}/reopen")
    office.bureau.settle()


def test_aid_applied_for_during_a_time_away_that_is_learnt_late_is_listed_and_not_approved(
    office: Office, begun: Beginning
) -> None:
    cadre = begun.cadres[0]["id"]
    office.line(pays_aid=True)
    case = office.aid(cadre, applied_on="2022-10-01")
    office.post("registry", f"/cadres/{cadre}/leave", {"left_on": "2022-06-01", "destination": "邻区"})
    (found,) = office.bureau.all("outreach", "/contradictions?state=open")
    assert (found["kind"], found["record_id"]) == ("while-away", case["id"])
    granted = {"amount": "1000.00", "approved_on": "2022-10-10"}
    response = office.bureau.call("outreach", "POST", f"/aid-cases/{case['id']}/approve", granted)
    assert (response.status_code, response.json["type"]) == (422, "urn:hongxia:problem:cadre-transferred")
    office.post("outreach", f"/aid-cases/{case['id']}/withdraw", {"reason": "other"})
    assert office.bureau.all("outreach", "/contradictions?state=open") == []


def test_aid_that_was_paid_for_an_application_during_a_time_away_is_listed(office: Office, begun: Beginning) -> None:
    cadre = begun.cadres[0]["id"]
    case = office.paid(cadre)
    office.post("registry", f"/cadres/{cadre}/leave", {"left_on": "2022-06-01", "destination": "邻区"})
    (found,) = office.bureau.all("outreach", "/contradictions?state=open")
    assert (found["kind"], found["record_id"]) == ("while-away", case["id"])
    office.post("registry", f"/cadres/{cadre}/return", {"returned_on": "2022-09-01"})
    assert office.bureau.all("outreach", "/contradictions?state=open") == []


def test_what_contradicts_a_death_is_settled_once_the_payment_is_taken_back(office: Office, begun: Beginning) -> None:
    cadre = begun.cadres[0]["id"]
    case = office.paid(cadre)
    office.death(cadre, "2022-09-01")
    assert len(office.bureau.all("outreach", "/contradictions?state=open")) == 1
    body = {"voucher_no": "PZ-R1", "spent_on": "2022-12-20"}
    office.post("finance", f"/aid-payments/{case['id']}/propose-reversal", body, subject="first")
    office.post("finance", f"/aid-payments/{case['id']}/confirm-reversal", subject="second")
    assert office.bureau.all("outreach", "/contradictions?state=open") == []


def test_two_applications_of_one_person_are_settled_once_one_is_declined_or_withdrawn(
    office: Office, begun: Beginning
) -> None:
    a, b, _ = (each["id"] for each in begun.cadres)
    cases = [office.aid(a), office.aid(b)]
    office.merge(a, b)
    for case, what, body in (
        (cases[0], "withdraw", {"reason": "by-applicant"}),
        (cases[1], "decline", {"declined_on": "2022-10-10"}),
    ):
        assert len(office.bureau.all("outreach", "/contradictions?state=open")) == 1
        office.post("outreach", f"/aid-cases/{case['id']}/{what}", body)
        assert office.bureau.all("outreach", "/contradictions?state=open") == []
        if what == "withdraw":
            office.undo_merge(a)
            office.post("outreach", f"/aid-cases/{case['id']}/reopen")
            office.merge(a, b)
