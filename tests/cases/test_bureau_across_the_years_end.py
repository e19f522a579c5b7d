"""Across the year's end, over all services: figures of a year as it stood, and what goes on in the next one."""

from __future__ import annotations

from datetime import date

from werkzeug.wrappers import Response

from hongxia.workbook.write import write
from services.finance.workbook import BUDGET
from tests.bureau.beginning import Beginning
from tests.bureau.office import Office

RATE = "outreach.suggestions.resolved_rate"


def test_a_suggestion_resolved_in_january_leaves_the_old_year_and_its_curve_as_they_were(office: Office) -> None:
    office.suggestion(received_on="2022-12-20", summary="第一条")
    second = office.suggestion(received_on="2022-12-21", summary="第二条")
    office.post("outreach", f"/suggestions/{second['id']}/resolve", {"resolved_on": "2022-12-30"})
    first = office.bureau.all("outreach", "/suggestions")[0]
    before = office.bureau.figures(2022)
    assert before[RATE] == "50"
    office.bureau.move_to_day("2023-01-20")
    office.post("outreach", f"/suggestions/{first['id']}/resolve", {"resolved_on": "2023-01-15"})
    assert office.bureau.figures(2022) == before
    months = office.bureau.get("reporting", f"/years/2022/indicators/{RATE}/months")["months"]
    assert months[-1] == {"month": "2022-12", "value": "50"}


def test_what_is_received_in_march_and_resolved_in_june_counts_from_june(office: Office) -> None:
    found = office.suggestion(received_on="2022-03-05")
    office.post("outreach", f"/suggestions/{found['id']}/resolve", {"resolved_on": "2022-06-05"})
    months = office.bureau.get("reporting", f"/years/2022/indicators/{RATE}/months")["months"]
    by_month = {each["month"]: each["value"] for each in months}
    assert (by_month["2022-02"], by_month["2022-03"], by_month["2022-05"], by_month["2022-06"]) == (
        None,
        "0",
        "0",
        "100",
    )


def test_aid_of_december_waits_for_the_next_years_line_and_is_paid_from_it(office: Office, begun: Beginning) -> None:
    office.bureau.move_to_day("2022-12-31")
    office.line(pays_aid=True)
    case = office.approved(begun.cadres[0]["id"], approved_on="2022-12-30", pay_on="2023-01-05")
    assert (case["state"], case["waiting"]) == ("approved", True)
    assert office.bureau.figures(2022)["outreach.aid.persons"] == "1"
    office.bureau.move_to_day("2023-01-20")
    office.line(year=2023, approved_on="2023-01-10", pays_aid=True)
    paid = office.bureau.get("outreach", f"/aid-cases/{case['id']}")
    assert (paid["state"], paid["waiting"], paid["settled_on"]) == ("paid", False, "2023-01-10")
    assert office.bureau.figures(2022)["outreach.aid.persons"] == "1"
    assert office.bureau.figures(2023)["finance.aid.paid"] == "0.10"


def test_aid_of_december_is_paid_when_the_next_years_line_is_there_from_january_on(
    office: Office, begun: Beginning
) -> None:
    case = office.approved(begun.cadres[0]["id"], approved_on="2022-12-30", pay_on="2023-01-05")
    office.line(year=2023, approved_on="2023-01-01", pays_aid=True)
    assert office.bureau.get("outreach", f"/aid-cases/{case['id']}")["state"] == "paid"
    assert office.bureau.figures(2022)["outreach.aid.persons"] == "1"
    assert office.bureau.figures(2023)["finance.aid.paid"] == "0.10"
    assert office.bureau.figures(2022)["finance.aid.paid"] in (None, "0.00")


def test_a_december_voucher_reversed_in_january_counts_in_january_and_stands_beside_december(office: Office) -> None:
    voucher = office.voucher(spent_on="2022-12-20")
    before = office.bureau.figures(2022)
    office.post("finance", f"/expenditures/{voucher['id']}/reversal", {"voucher_no": "PZ-R", "spent_on": "2023-01-09"})
    assert office.bureau.figures(2022) == before
    assert office.bureau.figures(2023)["finance.executed.total"] == "-0.03"
    items = office.bureau.get("reporting", "/years/2022/indicators")["items"]
    (executed,) = [each for each in items if each["code"] == "finance.executed.total"]
    assert executed["corrected"] == [{"year": 2023, "amount": "300.00", "count": 1}]


def test_a_stay_over_new_year_ends_in_january(office: Office, begun: Beginning) -> None:
    stay = office.stay(begun.cadres[0]["id"], admitted_on="2022-12-28", reported_on="2022-12-29")
    ended = office.post("outreach", f"/stays/{stay['id']}/end", {"discharged_on": "2023-01-05"})
    assert (ended["state"], ended["discharged_on"]) == ("ended", "2023-01-05")


def test_a_case_that_waits_is_not_answered_anew_by_a_line_that_pays_no_aid(office: Office, begun: Beginning) -> None:
    case = office.approved(begun.cadres[0]["id"])
    office.line()
    answers = [event.type for event in office.bureau.nodes["finance"].events() if event.subject == case["id"]]
    assert answers == ["hongxia.finance.aid.waiting.v1"]


def test_the_next_years_file_reverses_a_december_voucher_of_a_line_that_it_does_not_have(office: Office) -> None:
    line = office.line(line_no="YS-OLD")
    office.voucher(line_id=line["id"], voucher_no="PZ-12", spent_on="2022-12-30")
    row = {"voucher_no": "PZ-R", "spent_on": date(2023, 1, 5), "amount_fen": 300_00}

    def imported(**different: str) -> Response:
        rows = [{**row, "line_no": "YS-OLD", "reverses_no": "PZ-12", **different}]
        sheets = {"budget_lines": [], "adjustments": [], "expenditures": rows}
        return office.bureau.send_workbook("finance", "budget", write(BUDGET, 2023, "测试局", sheets))

    wrong = imported(line_no="YS-OTHER")
    assert wrong.status_code == 422
    assert "冲销凭证的项目编号“YS-OTHER”与原凭证的“YS-OLD”不同" in wrong.json["detail"]
    assert imported().status_code == 200
    assert office.bureau.figures(2022)["finance.executed.total"] == "0.03"
    assert office.bureau.figures(2023)["finance.executed.total"] == "-0.03"


def test_aid_is_paid_on_the_day_of_its_line_whether_the_line_is_recorded_before_or_after(
    office: Office, begun: Beginning
) -> None:
    first = office.approved(begun.cadres[0]["id"], approved_on="2022-12-30", pay_on="2023-01-02")
    office.line(year=2023, approved_on="2023-01-09", pays_aid=True)
    second = office.approved(begun.cadres[1]["id"], approved_on="2022-12-30", pay_on="2023-01-02")
    for case in (first, second):
        voucher = office.bureau.get("outreach", f"/aid-cases/{case['id']}")["expenditure_id"]
        assert office.bureau.get("finance", f"/expenditures/{voucher}")["spent_on"] == "2023-01-09"


def test_a_returned_payment_is_not_approved_for_a_day_before_its_return(office: Office, begun: Beginning) -> None:
    case = office.paid(begun.cadres[0]["id"])
    back = {"voucher_no": "PZ-R1", "spent_on": "2022-12-20"}
    office.post("finance", f"/aid-payments/{case['id']}/return", back)
    path = f"/aid-cases/{case['id']}"
    assert office.bureau.get("outreach", path)["returned_on"] == "2022-12-20"
    granted = {"amount": "900.00", "approved_on": "2022-12-19", "pay_on": "2022-12-19"}
    response = office.bureau.call("outreach", "POST", f"{path}/approve", granted)
    assert (response.status_code, response.json["type"]) == (422, "urn:hongxia:problem:paid-before-return")
    assert "2022-12-19" in response.json["detail"] and "2022-12-20" in response.json["detail"]
    office.post("outreach", f"{path}/approve", {**granted, "pay_on": "2022-12-20"})
    assert office.bureau.get("outreach", path)["settled_on"] == "2022-12-20"


def test_the_day_of_the_return_holds_for_a_case_that_is_opened_again_too(office: Office, begun: Beginning) -> None:
    case = office.paid(begun.cadres[0]["id"])
    office.post("finance", f"/aid-payments/{case['id']}/return", {"voucher_no": "PZ-R1", "spent_on": "2022-12-20"})
    path = f"/aid-cases/{case['id']}"
    office.post("outreach", f"{path}/withdraw", {"reason": "by-applicant"})
    office.post("outreach", f"{path}/reopen")
    granted = {"amount": "900.00", "approved_on": "2022-12-01"}
    response = office.bureau.call("outreach", "POST", f"{path}/approve", granted)
    assert response.json["type"] == "urn:hongxia:problem:paid-before-return"


def test_a_payment_on_the_day_of_its_line_is_not_taken_back_before_that_day(office: Office, begun: Beginning) -> None:
    case = office.approved(begun.cadres[0]["id"], approved_on="2022-12-30", pay_on="2023-01-02")
    office.line(year=2023, approved_on="2023-01-09", pays_aid=True)
    path = f"/aid-payments/{case['id']}/propose-reversal"
    early = office.bureau.call("finance", "POST", path, {"voucher_no": "PZ-R", "spent_on": "2023-01-05"})
    assert (early.status_code, early.json["type"]) == (422, "urn:hongxia:problem:reversal-too-early")
    office.post("finance", path, {"voucher_no": "PZ-R", "spent_on": "2023-01-09"})
