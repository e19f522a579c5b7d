"""Cases of one kind: a file is imported again after the file, the system, or both have gone on."""

from __future__ import annotations

from datetime import date

import pytest

from hongxia.workbook.reconcile import NotLoadable
from tests.unit.outreach_builders import TODAY, Bureau, counts, findings, imported

SUGGESTION = {
    "suggestion_no": "YJ-001",
    "received_on": date(2022, 4, 6),
    "channel": "phone",
    "category": "home_care",
    "summary": None,
    "resolved_on": None,
}
CONTACT = {"cadre_id": "G0001", "contacted_on": date(2022, 7, 10), "method": "phone"}
VISIT = {
    "visit_no": "ZF-0001",
    "cadre_id": "G0001",
    "visited_on": date(2022, 7, 1),
    "form": "home",
    "category": "routine",
    "occasion": "routine",
    "five_must": False,
    "people": 2,
}
AID = {
    "aid_no": "BF-001",
    "cadre_id": "G0001",
    "applied_on": date(2021, 11, 20),
    "reviewed_on": date(2022, 1, 18),
    "outcome": "approved",
    "amount_fen": 800_000,
    "pay_on": None,
    "cause": "illness",
}


@pytest.fixture
def bureau():
    return Bureau("G0001", "G0002")


def only(bureau, collection):
    [one] = bureau.api()("GET", f"/{collection}").json["items"]
    return one


def test_a_suggestion_that_was_open_is_resolved_by_its_row(bureau):
    imported(bureau.database, suggestions=[SUGGESTION])
    plan = imported(bureau.database, suggestions=[{**SUGGESTION, "resolved_on": date(2022, 12, 1)}])
    assert counts(plan) == {"suggestions": (0, 0, 1, 0)}
    assert plan.digest == ""
    assert only(bureau, "suggestions")["state"] == "resolved"
    assert bureau.types() == ["suggestion.received", "suggestion.resolved"]


def test_a_suggestion_that_was_given_to_somebody_meanwhile_is_resolved_all_the_same(bureau):
    imported(bureau.database, suggestions=[SUGGESTION])
    path = f"/suggestions/{only(bureau, 'suggestions')['id']}"
    bureau.api()("POST", f"{path}/assign", {"assignee": "联络一组", "assigned_on": "2022-05-01"})
    imported(bureau.database, suggestions=[{**SUGGESTION, "resolved_on": date(2022, 12, 1)}])
    assert only(bureau, "suggestions")["state"] == "resolved"
    with pytest.raises(NotLoadable) as raised:
        imported(bureau.database, suggestions=[{**SUGGESTION, "resolved_on": date(2022, 4, 30)}])
    assert [field for _, _, field, _ in findings(raised.value)] == ["resolved_on"]


def test_a_resolution_that_differs_from_the_one_in_the_system_is_a_conflict_with_both_dates(bureau):
    imported(bureau.database, suggestions=[SUGGESTION])
    path = f"/suggestions/{only(bureau, 'suggestions')['id']}"
    bureau.api()("POST", f"{path}/resolve", {"resolved_on": "2022-11-01"})
    with pytest.raises(NotLoadable) as raised:
        imported(bureau.database, suggestions=[{**SUGGESTION, "resolved_on": date(2022, 12, 1)}])
    [(_, _, field, message)] = findings(raised.value)
    assert field == "resolved_on"
    assert "2022-11-01" in message and "2022-12-01" in message


def test_a_date_of_resolution_that_is_taken_out_of_the_row_opens_the_suggestion_once_it_is_confirmed(bureau):
    imported(bureau.database, suggestions=[{**SUGGESTION, "resolved_on": date(2022, 5, 1)}])
    plan = imported(bureau.database, suggestions=[SUGGESTION])
    assert [(each.column, each.before, each.after) for each in plan.changes] == [("办结日期", "2022-05-01", "空")]
    assert only(bureau, "suggestions")["state"] == "received"


def test_a_contact_whose_date_is_corrected_is_listed_as_gone_and_as_new(bureau):
    imported(bureau.database, contacts=[CONTACT, {**CONTACT, "cadre_id": "G0002"}])
    plan = imported(
        bureau.database, contacts=[{**CONTACT, "contacted_on": date(2022, 8, 10)}, {**CONTACT, "cadre_id": "G0002"}]
    )
    assert counts(plan) == {"contacts": (1, 1, 0, 0)}
    assert plan.missing == [("每月联系", "G0001 / 2022-07-10 / phone")]


def test_a_contact_that_was_amended_in_the_system_is_the_same_row_in_the_old_and_in_the_corrected_file(bureau):
    imported(bureau.database, contacts=[CONTACT])
    contact = only(bureau, "contacts")
    bureau.api()("PATCH", f"/contacts/{contact['id']}", {"contacted_on": "2022-08-10"}, If_Match='"1"')
    for row in (CONTACT, {**CONTACT, "contacted_on": date(2022, 8, 10)}):
        assert counts(imported(bureau.database, contacts=[row])) == {"contacts": (0, 1, 0, 0)}
    assert only(bureau, "contacts")["month"] == "2022-08"


def test_a_voided_visit_is_not_brought_back_by_its_row(bureau):
    imported(bureau.database, visits=[VISIT])
    bureau.api()("POST", f"/visits/{only(bureau, 'visits')['id']}/void", {"reason": "entered-in-error"})
    assert counts(imported(bureau.database, visits=[VISIT])) == {"visits": (0, 1, 0, 0)}
    with pytest.raises(NotLoadable) as raised:
        imported(bureau.database, visits=[{**VISIT, "people": 3}])
    assert "已作废" in findings(raised.value)[0][3]


def test_an_approved_row_changes_its_case_for_as_long_as_finance_has_not_answered(bureau):
    imported(bureau.database, aid_cases=[AID])
    changed = {**AID, "amount_fen": 900_000, "pay_on": date(2022, 2, 1), "cause": "poverty"}
    plan = imported(bureau.database, aid_cases=[changed])
    assert [each.column for each in plan.changes] == ["金额（元）", "拨付日期", "事由类别"]
    case = only(bureau, "aid-cases")
    assert (case["amount"], case["pay_on"], case["cause"]) == ("9000.00", "2022-02-01", "poverty")


def test_a_declined_row_that_becomes_approved_is_approved(bureau):
    declined = {**AID, "outcome": "declined", "amount_fen": None}
    imported(bureau.database, aid_cases=[declined])
    plan = imported(bureau.database, aid_cases=[AID])
    assert [each.column for each in plan.changes] == ["审批结果", "金额（元）"]
    assert only(bureau, "aid-cases")["state"] == "approved"


def test_a_case_that_was_withdrawn_because_of_a_death_is_the_same_row(bureau):
    imported(bureau.database, aid_cases=[AID])
    bureau.die("G0001", "2021-10-01")
    assert counts(imported(bureau.database, aid_cases=[AID])) == {"aid_cases": (0, 1, 0, 0)}
    bureau.die("G0001", None)
    assert counts(imported(bureau.database, aid_cases=[AID])) == {"aid_cases": (0, 1, 0, 0)}
    assert only(bureau, "aid-cases")["state"] == "applied"


def test_a_number_that_the_register_does_not_have_any_more_is_named_in_its_column(bureau):
    imported(bureau.database, visits=[VISIT])
    with pytest.raises(NotLoadable) as raised:
        imported(bureau.database, visits=[VISIT, {**VISIT, "visit_no": "2", "cadre_id": "G9999"}])
    assert [(row, field) for _, row, field, _ in findings(raised.value)] == [(3, "cadre_id")]


def test_a_confirmed_change_is_done_once(bureau):
    imported(bureau.database, visits=[VISIT])
    for expected in ((0, 0, 0, 1), (0, 1, 0, 0)):
        plan = imported(bureau.database, visits=[{**VISIT, "people": 3}], today=TODAY)
        assert counts(plan) == {"visits": expected}
    assert bureau.types() == ["visit.recorded", "visit.amended"]
