"""Aid, while outreach and finance have not read each other yet: both go on, and no answer is ever parked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.bureau.beginning import Beginning
from tests.bureau.office import Office

RETURN = {"voucher_no": "PZ-R1", "spent_on": "2022-12-20"}
APPROVE_900 = ("approve", {"amount": "900.00", "approved_on": "2022-10-21"})
APPROVE_800 = ("approve", {"amount": "800.00", "approved_on": "2022-10-22"})
WITHDRAW = ("withdraw", {"reason": "by-applicant"})
REOPEN = ("reopen", None)
DECLINE = ("decline", {"declined_on": "2022-10-22"})
AMEND_800 = ("", {"reason": "correction", "amount": "800.00"})
AMEND_700 = ("", {"reason": "correction", "amount": "700.00"})
LATER = ("", {"reason": "correction", "pay_on": "2022-11-01"})

Act = tuple[str, Any]


def in_outreach(office: Office, case_id: str, *acts: Act) -> None:
    """Do something with a case; finance hears nothing of it yet."""
    for what, body in acts:
        if what:
            office.bureau.post("outreach", f"/aid-cases/{case_id}/{what}", body)
        else:
            office.bureau.do("outreach", "PATCH", f"/aid-cases/{case_id}", body)


def in_finance(office: Office, case_id: str, what: str, body: Any = None, subject: str = "first") -> None:
    """Do something with a payment; outreach hears nothing of it yet."""
    office.bureau.post("finance", f"/aid-payments/{case_id}/{what}", body, subject=subject)


def finance_reads(office: Office) -> None:
    """Let finance answer what outreach asked so far; the answer is under way."""
    nodes = office.bureau.nodes
    nodes["outreach"].number()
    nodes["finance"].read(nodes["outreach"])


def outcome(office: Office, case_id: str) -> tuple[str, str, str]:
    """Return the state in outreach, the amount there, and the state in finance, once all events are read."""
    office.bureau.settle()
    case = office.bureau.get("outreach", f"/aid-cases/{case_id}")
    return case["state"], case["amount"], office.bureau.get("finance", f"/aid-payments/{case_id}")["state"]


def approved(office: Office, cadre: str, initial: str = "100000.00") -> str:
    """Approve 900 yuan; return the case, which finance has not read."""
    office.line(pays_aid=True, initial=initial)
    case_id = str(office.aid(cadre)["id"])
    in_outreach(office, case_id, APPROVE_900)
    return case_id


@pytest.mark.parametrize(
    "acts",
    [
        (AMEND_800, AMEND_700),
        (WITHDRAW, REOPEN),
        (WITHDRAW, REOPEN, DECLINE),
        (WITHDRAW, REOPEN, APPROVE_900),
        (WITHDRAW, REOPEN, APPROVE_800),
    ],
    ids=["amended-twice", "reopened", "declined", "approved-anew", "approved-anew-with-less"],
)
@pytest.mark.parametrize("read", ["before", "after"])
def test_what_finance_paid_before_it_read_the_rest_stands(
    office: Office, begun: Beginning, acts: Sequence[Act], read: str
) -> None:
    case_id = approved(office, begun.cadres[0]["id"])
    if read == "before":
        finance_reads(office)
    in_outreach(office, case_id, *acts)
    assert outcome(office, case_id) == ("paid", "900.00", "paid")
    figures = office.bureau.figures(2022)
    assert (figures["finance.aid.paid"], figures["outreach.aid.persons"]) == ("0.09", "1")
    found = office.bureau.all("finance", "/contradictions?state=open")
    assert len(found) == (acts[-1] in (REOPEN, DECLINE)), "whether it is granted is for somebody to say"


@pytest.mark.parametrize("acts", [(WITHDRAW, REOPEN, APPROVE_900), (LATER,)], ids=["approved-anew", "amended"])
def test_what_finance_refused_twice_is_refused(office: Office, begun: Beginning, acts: Sequence[Act]) -> None:
    case_id = approved(office, begun.cadres[0]["id"], initial="10.00")
    in_outreach(office, case_id, *acts)
    assert outcome(office, case_id) == ("refused", "900.00", "refused")


def test_an_amendment_does_not_pay_again_what_is_taken_back(office: Office, begun: Beginning) -> None:
    case_id = approved(office, begun.cadres[0]["id"])
    finance_reads(office)
    in_finance(office, case_id, "propose-reversal", RETURN)
    in_outreach(office, case_id, AMEND_800)
    assert outcome(office, case_id) == ("paid", "900.00", "proposed")
    in_finance(office, case_id, "confirm-reversal", subject="second")
    assert outcome(office, case_id) == ("reversed", "900.00", "reversed")


def test_an_amendment_read_after_the_reversal_changes_nothing(office: Office, begun: Beginning) -> None:
    case_id = approved(office, begun.cadres[0]["id"])
    finance_reads(office)
    in_finance(office, case_id, "propose-reversal", RETURN)
    in_finance(office, case_id, "confirm-reversal", subject="second")
    in_outreach(office, case_id, AMEND_800)
    assert outcome(office, case_id) == ("reversed", "900.00", "reversed")
    assert office.bureau.figures(2022)["finance.aid.paid"] == "0.00"


def test_a_returned_payment_is_paid_again_in_the_amended_amount(office: Office, begun: Beginning) -> None:
    case_id = approved(office, begun.cadres[0]["id"])
    finance_reads(office)
    in_finance(office, case_id, "return", RETURN)
    in_outreach(office, case_id, AMEND_800)
    assert outcome(office, case_id) == ("paid", "800.00", "paid")


def test_a_returned_payment_is_paid_again_while_outreach_grants_another_amount(
    office: Office, begun: Beginning
) -> None:
    case_id = office.paid(begun.cadres[0]["id"])["id"]
    office.post("finance", f"/aid-payments/{case_id}/return", RETURN)
    in_outreach(office, case_id, ("approve", {"amount": "900.00", "approved_on": "2022-12-21"}))
    in_finance(office, case_id, "pay", {"pay_on": "2022-12-21"})
    assert outcome(office, case_id) == ("paid", "1000.00", "paid")


def test_a_returned_payment_is_not_paid_again_before_the_day_of_the_return(office: Office, begun: Beginning) -> None:
    case_id = office.paid(begun.cadres[0]["id"])["id"]
    office.post("finance", f"/aid-payments/{case_id}/return", {**RETURN, "spent_on": "2023-01-03"})
    response = office.bureau.call("finance", "POST", f"/aid-payments/{case_id}/pay", {"pay_on": "2022-12-28"})
    assert response.status_code == 422
    assert response.json["errors"][0]["detail"] == "拨付日期 2022-12-28 早于退回日期 2023-01-03"
    assert office.bureau.figures(2022)["finance.aid.paid"] == "0.10"
