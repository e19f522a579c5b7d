"""Dates and money, over all services."""

from __future__ import annotations

import pytest

from tests.bureau.beginning import Beginning
from tests.bureau.bureau import Refused
from tests.bureau.office import Office


def test_a_voucher_does_not_move_behind_the_one_that_takes_it_back(office: Office) -> None:
    voucher = office.voucher(spent_on="2022-05-01")
    office.post("finance", f"/expenditures/{voucher['id']}/reversal", {"voucher_no": "PZ-R", "spent_on": "2022-06-01"})
    with pytest.raises(Refused, match=r"PZ-R.*2022-06-01"):
        office.bureau.patch("finance", f"/expenditures/{voucher['id']}", {"spent_on": "2022-06-02"})
    moved = office.bureau.patch("finance", f"/expenditures/{voucher['id']}", {"spent_on": "2022-06-01"})
    assert moved["spent_on"] == "2022-06-01"


def test_aid_and_a_voucher_of_one_day_meet_one_rule(office: Office, begun: Beginning) -> None:
    line = office.line(initial="100.00", pays_aid=True)
    office.post(
        "finance",
        f"/budget-lines/{line['id']}/adjustments",
        {"adjustment_no": "TZ", "adjusted_on": "2022-09-15", "amount": "50.00"},
    )
    with pytest.raises(Refused, match="余额不足"):
        office.voucher(line_id=line["id"], spent_on="2022-03-31", amount="120.00")
    case = office.aid(begun.cadres[0]["id"], applied_on="2022-02-01")
    granted = {"amount": "120.00", "approved_on": "2022-03-31"}
    office.post("outreach", f"/aid-cases/{case['id']}/approve", granted)
    assert office.bureau.get("outreach", f"/aid-cases/{case['id']}")["state"] == "refused"


def test_what_the_bank_returned_is_paid_again_and_counts_once(office: Office, begun: Beginning) -> None:
    case = office.paid(begun.cadres[0]["id"])
    path = f"/aid-payments/{case['id']}"
    office.post("finance", f"{path}/return", {"voucher_no": "PZ-R", "spent_on": "2022-10-20"})
    figures = office.bureau.figures(2022)
    assert (figures["finance.aid.paid"], figures["outreach.aid.persons"]) == ("0.00", "1")
    office.post("finance", f"{path}/pay", {"pay_on": "2022-10-25"})
    assert office.bureau.get("outreach", f"/aid-cases/{case['id']}")["state"] == "paid"
    figures = office.bureau.figures(2022)
    assert (figures["finance.aid.paid"], figures["outreach.aid.persons"]) == ("0.10", "1")


def test_a_paid_case_that_two_persons_take_back_is_no_aid(office: Office, begun: Beginning) -> None:
    case = office.paid(begun.cadres[0]["id"])
    path = f"/aid-payments/{case['id']}"
    back = {"voucher_no": "PZ-R", "spent_on": "2022-10-20"}
    office.post("finance", f"{path}/propose-reversal", back, subject="first")
    with pytest.raises(Refused):
        office.post("finance", f"{path}/confirm-reversal", subject="first")
    office.post("finance", f"{path}/confirm-reversal", subject="second")
    figures = office.bureau.figures(2022)
    assert (figures["finance.aid.paid"], figures["outreach.aid.persons"]) == ("0.00", "0")


def test_aid_of_another_cadre_is_refused_with_a_way_out_that_its_state_allows(office: Office, begun: Beginning) -> None:
    case_id = office.paid(begun.cadres[0]["id"])["id"]
    changes = {"reason": "correction", "cadre_id": office.cadre(name="王建国")["id"]}
    refused = office.bureau.call("outreach", "PATCH", f"/aid-cases/{case_id}", changes).json["errors"][0]["detail"]
    assert f"POST /aid-payments/{case_id}/propose-reversal" in refused
    body = {"voucher_no": "PZ-R1", "spent_on": "2022-12-20"}
    office.post("finance", f"/aid-payments/{case_id}/propose-reversal", body, subject="first")
    office.post("finance", f"/aid-payments/{case_id}/confirm-reversal", subject="second")
    refused = office.bureau.call("outreach", "PATCH", f"/aid-cases/{case_id}", changes).json["errors"][0]["detail"]
    assert "POST" not in refused
