"""Cases of one kind: what begins in one year and goes on in the next."""

from __future__ import annotations

from datetime import date

import pytest

from hongxia.workbook.read import read
from hongxia.workbook.reconcile import NotLoadable
from hongxia.workbook.write import write
from services.outreach.workbook import OUTREACH
from tests.unit.outreach_builders import (
    ILLNESS,
    LIN,
    Bureau,
    add_kinds,
    answer,
    counts,
    finance_event,
    findings,
    imported,
)

JANUARY = date(2023, 1, 20)
SUGGESTION = {
    "suggestion_no": "YJ-057",
    "received_on": date(2022, 12, 20),
    "channel": "phone",
    "category": "home_care",
    "summary": "希望加装电梯",
    "resolved_on": None,
}
RESOLVED = {**SUGGESTION, "resolved_on": date(2023, 1, 15)}
OWN = {**SUGGESTION, "received_on": date(2023, 1, 3), "summary": None}
APPLICATION = {"cadre_id": LIN, "cause": "illness", "applied_on": "2022-12-01"}
AID = {
    "aid_no": "BF-001",
    "cadre_id": "G0001",
    "applied_on": date(2022, 12, 1),
    "reviewed_on": date(2022, 12, 30),
    "outcome": "approved",
    "amount_fen": 800_000,
    "pay_on": date(2023, 1, 5),
    "cause": "illness",
}


@pytest.fixture
def bureau():
    return Bureau("G0001")


def suggestions(bureau):
    items = bureau.api()("GET", "/suggestions").json["items"]
    return [(item["received_on"], item["state"], item["resolved_on"]) for item in items]


def test_a_suggestion_of_december_is_resolved_in_january_with_its_date(bureau):
    api = bureau.api(JANUARY)
    body = {"category": "health", "channel": "phone", "received_on": "2022-12-20"}
    path = "/" + api("POST", "/suggestions", body).headers["Location"]
    assert api("POST", f"{path}/resolve", {"resolved_on": "2023-01-15"}).json["state"] == "resolved"
    name, event = bureau.events()[-1]
    assert (name, event["occurredon"], event["data"]["received_on"]) == (
        "suggestion.resolved",
        "2023-01-15",
        "2022-12-20",
    )


def test_next_year_s_workbook_carries_the_resolution_of_last_year_s_suggestion(bureau):
    imported(bureau.database, 2022, suggestions=[SUGGESTION])
    plan = imported(bureau.database, 2023, JANUARY, suggestions=[RESOLVED])
    assert counts(plan) == {"suggestions": (0, 0, 1, 0)}
    assert suggestions(bureau) == [("2022-12-20", "resolved", "2023-01-15")]
    for year, row in ((2022, SUGGESTION), (2023, RESOLVED)):
        assert counts(imported(bureau.database, year, JANUARY, suggestions=[row])) == {"suggestions": (0, 1, 0, 0)}
    assert bureau.types() == ["suggestion.received", "suggestion.resolved"]


def test_numbers_begin_anew_each_year_and_both_may_stand_in_one_workbook(bureau):
    imported(bureau.database, 2022, suggestions=[SUGGESTION])
    imported(bureau.database, 2023, JANUARY, suggestions=[RESOLVED, OWN])
    assert suggestions(bureau) == [("2022-12-20", "resolved", "2023-01-15"), ("2023-01-03", "received", None)]
    rows = {sheet.name: [] for sheet in OUTREACH.sheets} | {"suggestions": [RESOLVED, OWN]}
    data = write(OUTREACH, 2023, "某区委老干部局", rows)
    assert len(read(data, OUTREACH, today=JANUARY).rows["suggestions"]) == 2


def test_a_bureau_that_begins_this_year_brings_last_year_s_suggestion_along(bureau):
    assert counts(imported(bureau.database, 2023, JANUARY, suggestions=[RESOLVED])) == {"suggestions": (1, 0, 0, 0)}
    assert counts(imported(bureau.database, 2022, JANUARY, suggestions=[SUGGESTION])) == {"suggestions": (0, 1, 0, 0)}
    assert suggestions(bureau) == [("2022-12-20", "resolved", "2023-01-15")]


def test_a_resolution_of_last_year_that_the_new_file_dates_into_this_one_is_a_conflict(bureau):
    imported(bureau.database, 2022, suggestions=[{**SUGGESTION, "resolved_on": date(2022, 12, 28)}])
    with pytest.raises(NotLoadable) as raised:
        imported(bureau.database, 2023, JANUARY, suggestions=[RESOLVED])
    [(_, _, field, message)] = findings(raised.value)
    assert field == "resolved_on"
    assert "2022-12-28" in message and "2023-01-15" in message


def test_the_order_of_the_two_years_files_does_not_matter(bureau):
    imported(bureau.database, 2023, JANUARY, suggestions=[RESOLVED])
    assert suggestions(bureau) == [("2022-12-20", "resolved", "2023-01-15")]
    other = Bureau("G0001")
    imported(other.database, 2022, JANUARY, suggestions=[SUGGESTION])
    imported(other.database, 2023, JANUARY, suggestions=[RESOLVED])
    assert suggestions(other) == suggestions(bureau)


def test_a_row_of_another_year_that_was_not_resolved_in_this_one_does_not_belong_here(bureau):
    for row in (SUGGESTION, {**SUGGESTION, "received_on": date(2024, 1, 2)}):
        with pytest.raises(NotLoadable) as raised:
            imported(bureau.database, 2023, date(2024, 2, 1), suggestions=[row])
        [(_, _, field, message)] = findings(raised.value)
        assert field == "received_on"
        assert "2023年度" in message


def test_aid_that_is_approved_in_december_is_paid_in_january(bureau):
    december = bureau.api(date(2022, 12, 30))
    path = "/" + december("POST", "/aid-cases", APPLICATION).headers["Location"]
    grant = {"amount": "8000.00", "approved_on": "2022-12-30", "pay_on": "2023-01-05"}
    case = december("POST", f"{path}/approve", grant).json
    assert (case["state"], case["year"], case["waiting"]) == ("approved", 2022, False)
    answer(bureau.database, finance_event("waiting", case["id"], on="2022-12-30"))
    assert bureau.api()("GET", path).json["waiting"] is True
    answer(bureau.database, finance_event("paid", case["id"], 2, on="2023-01-09"))
    paid = bureau.api()("GET", path).json
    assert (paid["state"], paid["settled_on"], paid["waiting"]) == ("paid", "2023-01-09", False)
    name, event = bureau.events()[-1]
    assert (name, event["occurredon"]) == ("aid.settled", "2023-01-09")


def test_the_workbook_of_the_year_of_approval_has_the_payment_of_the_next(bureau):
    rows = {sheet.name: [] for sheet in OUTREACH.sheets} | {"aid_cases": [AID]}
    data = write(OUTREACH, 2022, "某区委老干部局", rows)
    [row] = read(data, OUTREACH, today=date(2022, 12, 31)).rows["aid_cases"]
    assert row.values["pay_on"] == date(2023, 1, 5)
    imported(bureau.database, 2022, date(2022, 12, 31), aid_cases=[AID])
    [case] = bureau.api()("GET", "/aid-cases").json["items"]
    assert (case["year"], case["pay_on"]) == (2022, "2023-01-05")


def test_aid_that_was_approved_in_december_leaves_the_next_year_s_aid_open(bureau):
    imported(bureau.database, 2022, date(2022, 12, 31), aid_cases=[AID])
    later = {**APPLICATION, "applied_on": "2023-01-06"}
    assert bureau.api()("POST", "/aid-cases", later).status_code == 201


def test_a_payment_of_december_that_the_bank_returns_in_january_is_approved_anew_for_the_new_year(bureau):
    imported(bureau.database, 2022, date(2022, 12, 31), aid_cases=[{**AID, "pay_on": None}])
    [case] = bureau.api()("GET", "/aid-cases").json["items"]
    answer(
        bureau.database,
        finance_event("paid", case["id"], on="2022-12-30"),
        finance_event("returned", case["id"], 2, on="2023-01-04"),
    )
    grant = {"amount": "8000.00", "approved_on": "2023-01-06"}
    approved = bureau.api()("POST", f"/aid-cases/{case['id']}/approve", grant).json
    assert (approved["state"], approved["year"]) == ("approved", 2023)


def test_a_stay_over_the_turn_of_the_year_ends_in_the_next_and_its_deadline_lies_there(bureau):
    add_kinds(bureau.database, illness=ILLNESS, today=date(2022, 12, 1))
    december = bureau.api(date(2022, 12, 29))
    path = "/" + december("POST", "/stays", {"cadre_id": LIN, "admitted_on": "2022-12-28"}).headers["Location"]
    assert bureau.owed() == [("illness", "2023-01-05", "open")]
    assert bureau.api()("POST", f"{path}/end", {"discharged_on": "2023-01-03"}).json["state"] == "ended"
    bureau.night(date(2023, 1, 6))
    name, event = bureau.events()[-1]
    assert (name, event["occurredon"]) == ("obligation.missed", "2023-01-05")
