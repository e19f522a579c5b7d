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


@pytest.mark.xfail(strict=True, reason="finance's answer to the first approval finds the case opened again")
def test_a_case_may_be_opened_again_before_finance_has_answered_the_first_approval(
    office: Office, begun: Beginning
) -> None:
    case = office.aid(begun.cadres[0]["id"])
    granted = {"amount": "1000.00", "approved_on": "2022-10-10"}
    office.bureau.post("outreach", f"/aid-cases/{case['id']}/approve", granted)
    office.bureau.post("outreach", f"/aid-cases/{case['id']}/withdraw", {"reason": "by-applicant"})
    office.bureau.post("outreach", f"/aid-cases/{case['id']}/reopen")
    office.bureau.settle()
