from __future__ import annotations

from datetime import date

import pytest

from hongxia import ids, records
from hongxia.workbook.reconcile import NotLoadable
from services.outreach.aid import rules as aid
from services.outreach.aid.model import AidCase
from services.outreach.cadres.mirror import CADRES
from services.outreach.suggestions import rules as suggestions
from services.outreach.suggestions.model import Suggestion
from services.outreach.visits import rules as visits
from services.outreach.visits.model import Visit
from tests.unit.outreach_builders import (
    CHEN,
    ILLNESS,
    LIN,
    TODAY,
    Bureau,
    add_kinds,
    answer,
    counts,
    events,
    finance_event,
    findings,
    imported,
    problem,
    types,
    work,
)

VISIT = {
    "visit_no": "ZF-0001",
    "cadre_id": "G0001",
    "visited_on": date(2022, 7, 1),
    "form": "home",
    "category": "love_knocks",
    "occasion": "birthday",
    "five_must": False,
    "people": 2,
}
CONTACT = {"cadre_id": "G0001", "contacted_on": date(2022, 3, 10), "method": "phone"}
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
DECLINED = {**AID, "aid_no": "BF-002", "outcome": "declined", "amount_fen": None}
SUGGESTION = {
    "suggestion_no": "YJ-001",
    "received_on": date(2022, 4, 6),
    "channel": "phone",
    "category": "home_care",
    "summary": None,
    "resolved_on": date(2022, 4, 12),
}
CASE = ids.entity_id("aid", 2022, "BF-001")


@pytest.fixture
def bureau():
    return Bureau("G0001", "G0002")


@pytest.fixture
def database(bureau):
    return bureau.database


def found(database, **rows):
    """The findings of rows that are not loaded; nothing of the file is kept."""
    before = types(database)
    with pytest.raises(NotLoadable) as raised:
        imported(database, **rows)
    assert types(database) == before
    return findings(raised.value)


def changes(plan):
    return [(each.sheet, each.key, each.column, each.before, each.after) for each in plan.changes]


def test_rows_make_events_sheet_by_sheet_in_row_order(database):
    plan = imported(
        database,
        visits=[VISIT, {**VISIT, "visit_no": "ZF-0002", "cadre_id": "G0002"}],
        contacts=[CONTACT],
        aid_cases=[AID, DECLINED],
        suggestions=[SUGGESTION, {**SUGGESTION, "suggestion_no": "YJ-002", "channel": "letter", "resolved_on": None}],
    )
    assert counts(plan) == {
        "visits": (2, 0, 0, 0),
        "contacts": (1, 0, 0, 0),
        "aid_cases": (2, 0, 0, 0),
        "suggestions": (2, 0, 0, 0),
    }
    assert plan.digest == ""
    assert types(database) == [
        "visit.recorded",
        "visit.recorded",
        "contact.made",
        "aid.applied",
        "aid.approved",
        "aid.applied",
        "aid.declined",
        "suggestion.received",
        "suggestion.resolved",
        "suggestion.received",
    ]
    published = [event for _, event in events(database)]
    assert [event["data"]["cadre_id"] for event in published[:2]] == [LIN, CHEN]
    assert (published[3]["occurredon"], published[4]["occurredon"]) == ("2021-11-20", "2022-01-18")
    assert published[4]["data"]["pay_on"] == "2022-01-18"


def test_the_same_rows_again_change_nothing(database):
    everything = {
        "visits": [VISIT],
        "contacts": [CONTACT],
        "aid_cases": [AID, DECLINED],
        "suggestions": [SUGGESTION],
    }
    imported(database, **everything)
    before = events(database)
    plan = imported(database, **everything)
    assert counts(plan) == {
        "visits": (0, 1, 0, 0),
        "contacts": (0, 1, 0, 0),
        "aid_cases": (0, 2, 0, 0),
        "suggestions": (0, 1, 0, 0),
    }
    assert (events(database), plan.digest, plan.missing) == (before, "", [])


def test_rows_that_went_on_in_the_system_are_still_the_same_rows(database):
    rows = {"visits": [VISIT], "suggestions": [{**SUGGESTION, "resolved_on": None}], "aid_cases": [AID]}
    imported(database, **rows)
    with work(database) as session:
        visit = records.lock(session, Visit, ids.entity_id("visit", 2022, "ZF-0001"))
        visits.void(session, visit, "entered-in-error", TODAY)
        suggestion = records.lock(session, Suggestion, ids.entity_id("suggestion", 2022, "YJ-001"))
        suggestions.resolve(session, suggestion, date(2022, 5, 1), TODAY)
    answer(database, finance_event("paid", CASE))
    unchanged = {"visits": (0, 1, 0, 0), "suggestions": (0, 1, 0, 0), "aid_cases": (0, 1, 0, 0)}
    assert counts(imported(database, **rows)) == unchanged
    as_it_stands = {**SUGGESTION, "resolved_on": date(2022, 5, 1)}
    assert counts(imported(database, suggestions=[as_it_stands])) == {"suggestions": (0, 1, 0, 0)}


def test_a_row_that_changed_amends_its_record_once_somebody_confirms(database):
    imported(database, visits=[VISIT], aid_cases=[AID], suggestions=[SUGGESTION])
    plan = imported(
        database,
        visits=[{**VISIT, "people": 3, "cadre_id": "G0002"}],
        aid_cases=[{**AID, "amount_fen": 900_000}],
        suggestions=[{**SUGGESTION, "channel": "letter", "resolved_on": date(2022, 4, 13)}],
    )
    assert plan.digest
    assert changes(plan) == [
        ("走访", "ZF-0001", "干部编号", "另一位干部", "G0002"),
        ("走访", "ZF-0001", "慰问人数", "2", "3"),
        ("帮扶", "BF-001", "金额（元）", "8000.00", "9000.00"),
        ("意见建议", "YJ-001 / 2022", "渠道", "电话", "来信来访"),
        ("意见建议", "YJ-001 / 2022", "办结日期", "2022-04-12", "2022-04-13"),
    ]
    assert types(database)[-4:] == ["visit.amended", "aid.amended", "aid.approved", "suggestion.amended"]
    reasons = [event["data"].get("reason") for _, event in events(database)[-4:]]
    assert reasons == ["workbook", "workbook", None, "workbook"]


def test_what_both_the_row_and_somebody_in_the_system_changed_is_a_conflict(database):
    imported(database, visits=[VISIT])
    with work(database) as session:
        visit = records.lock(session, Visit, ids.entity_id("visit", 2022, "ZF-0001"))
        visits.amend(session, visit, {"people": 5}, "correction", TODAY)
    [(sheet, row, field, message)] = found(database, visits=[{**VISIT, "people": 3}])
    assert (sheet, row, field) == ("visits", 2, "people")
    assert "3" in message and "5" in message and "somebody" in message


def test_the_same_number_in_another_year_is_another_record(database):
    imported(database, visits=[VISIT])
    plan = imported(database, year=2023, visits=[{**VISIT, "visited_on": date(2023, 1, 3)}])
    assert counts(plan) == {"visits": (1, 0, 0, 0)}


def test_every_error_of_every_row_is_found_and_placed_in_its_column(bureau):
    bureau.registry("registered", "G0003", registered_on="2022-01-10", deceased_on="2022-02-01")
    assert found(
        bureau.database,
        visits=[
            {**VISIT, "cadre_id": "X"},
            {**VISIT, "visit_no": "2", "cadre_id": "G0003"},
            {**VISIT, "visit_no": "3", "cadre_id": "G0003", "visited_on": date(2022, 1, 9)},
            {**VISIT, "visit_no": "4", "cadre_id": "G0003", "occasion": "death"},
        ],
        contacts=[CONTACT, {**CONTACT, "cadre_id": "G0003"}],
        aid_cases=[{**AID, "cadre_id": "X"}],
        suggestions=[{**SUGGESTION, "resolved_on": date(2022, 4, 5)}],
    ) == [
        ("visits", 2, "cadre_id", "名册中没有这位干部，请先在干部名册中登记"),
        (
            "visits",
            3,
            "cadre_id",
            "该干部已于 2022-02-01 去世，走访日期 2022-07-01 在其后；去世日期有误的，请先在干部名册中更正；"
            "去世后慰问家属，事由填“去世”",
        ),
        (
            "visits",
            4,
            "visited_on",
            "走访日期 2022-01-09 早于该干部的登记日期 2022-01-10；登记日期有误的，请先在干部名册中更正",
        ),
        (
            "contacts",
            3,
            "cadre_id",
            "该干部已于 2022-02-01 去世，联系日期 2022-03-10 在其后；去世日期有误的，请先在干部名册中更正",
        ),
        ("aid_cases", 2, "cadre_id", "名册中没有这位干部，请先在干部名册中登记"),
        ("suggestions", 2, "resolved_on", "办结日期 2022-04-05 早于收到日期 2022-04-06"),
    ]


def test_an_error_of_an_approval_is_placed_in_the_column_of_the_sheet(database):
    late = {**AID, "reviewed_on": date(2021, 11, 19), "pay_on": date(2021, 11, 18)}
    assert [(row, field) for _, row, field, _ in found(database, aid_cases=[late])] == [
        (2, "reviewed_on"),
        (2, "pay_on"),
    ]


def test_a_second_approved_aid_in_the_year_is_an_error_and_a_declined_one_is_not(bureau):
    database = bureau.database
    second = {**AID, "aid_no": "BF-003", "applied_on": date(2022, 2, 1), "reviewed_on": date(2022, 3, 1)}
    message = "该干部2022年已有帮扶（已批准），同一年度只帮扶一次；请在已有的那一件上办理"
    assert found(database, aid_cases=[DECLINED, AID, second]) == [("aid_cases", 4, "cadre_id", message)]
    imported(database, aid_cases=[DECLINED, AID, {**DECLINED, "aid_no": "BF-004"}])
    assert found(database, aid_cases=[second]) == [("aid_cases", 2, "cadre_id", message)]


def test_an_aid_of_last_year_does_not_stand_against_one_applied_for_last_year_and_approved_in_this(database):
    with work(database) as session:
        application = {"cadre_id": LIN, "cause": "illness", "applied_on": date(2021, 3, 1)}
        case = aid.apply(session, ids.new_id(), application, CADRES.lock(session, LIN), TODAY)
        grant = {"amount_fen": 1, "reviewed_on": date(2021, 3, 2), "pay_on": None}
        aid.approve(session, case, grant, TODAY)
    assert counts(imported(database, aid_cases=[AID])) == {"aid_cases": (1, 0, 0, 0)}


def test_another_decision_in_the_row_takes_the_first_one_back(database):
    imported(database, aid_cases=[AID])
    declined = {**AID, "outcome": "declined", "amount_fen": None, "reviewed_on": date(2022, 1, 19)}
    plan = imported(database, aid_cases=[declined])
    assert [column for _, _, column, _, _ in changes(plan)] == ["审批日期", "审批结果", "金额（元）"]
    with database.read() as session:
        assert session.get(AidCase, CASE).state == "declined"
    imported(database, aid_cases=[AID])
    with database.read() as session:
        case = session.get(AidCase, CASE)
        assert (case.state, case.amount_fen) == ("approved", 800_000)
    assert types(database)[2:] == [
        "aid.withdrawn",
        "aid.applied",
        "aid.declined",
        "aid.applied",
        "aid.approved",
    ]


def test_a_row_whose_case_finance_has_answered_can_not_say_another_amount(database):
    imported(database, aid_cases=[AID])
    answer(database, finance_event("paid", CASE))
    [(sheet, row, field, message)] = found(database, aid_cases=[{**AID, "amount_fen": 900_000}])
    assert (sheet, row, field) == ("aid_cases", 2, "amount_fen")
    assert "8000.00" in message and "9000.00" in message and "财务" in message


def test_the_same_visit_under_another_number_is_a_question_in_the_plan(database):
    plan = imported(database, visits=[VISIT, {**VISIT, "visit_no": "ZF-0002"}])
    assert [(asked.sheet, asked.row, asked.code) for asked in plan.questions] == [("走访", 3, "entered-twice")]
    plan = imported(database, suggestions=[SUGGESTION, {**SUGGESTION, "suggestion_no": "YJ-002"}])
    assert [(asked.sheet, asked.row, asked.code) for asked in plan.questions] == [("意见建议", 3, "entered-twice")]
    assert plan.digest


def test_rows_that_are_gone_from_the_file_are_listed(database):
    other = {**VISIT, "visit_no": "ZF-0002", "cadre_id": "G0002"}
    imported(database, visits=[VISIT, other])
    plan = imported(database, visits=[VISIT])
    assert plan.missing == [("走访", "ZF-0002")]
    assert types(database) == ["visit.recorded", "visit.recorded"]


def test_an_import_of_visits_meets_what_is_owed(bureau):
    add_kinds(bureau.database, illness=ILLNESS)
    api = bureau.api()
    api("POST", "/stays", {"cadre_id": LIN, "admitted_on": "2023-01-02", "reported_on": "2023-01-05"})
    paid = {**VISIT, "visited_on": date(2023, 1, 6), "occasion": "illness"}
    imported(bureau.database, year=2023, visits=[paid])
    assert bureau.owed() == [("illness", "2023-01-12", "met")]
    imported(bureau.database, year=2023, visits=[{**paid, "occasion": "routine"}])
    assert bureau.owed() == [("illness", "2023-01-12", "open")]


def test_a_contact_that_was_made_by_the_api_is_adopted_and_one_that_was_voided_stays_so(bureau):
    api = bureau.api()
    body = {"cadre_id": LIN, "contacted_on": "2022-03-10", "method": "phone"}
    made = api("POST", "/contacts", body).json
    assert counts(imported(bureau.database, contacts=[CONTACT])) == {"contacts": (0, 1, 0, 0)}
    api("POST", f"/contacts/{made['id']}/void", {"reason": "entered-in-error"})
    assert counts(imported(bureau.database, contacts=[CONTACT])) == {"contacts": (0, 1, 0, 0)}
    assert problem(api("POST", f"/contacts/{made['id']}/void", {"reason": "other"})) == (409, "wrong-state")


def test_a_contact_that_was_moved_leaves_its_row_alone_and_its_old_date_free(bureau):
    imported(bureau.database, contacts=[CONTACT])
    api = bureau.api()
    [contact] = api("GET", "/contacts").json["items"]
    api("PATCH", f"/contacts/{contact['id']}", {"contacted_on": "2022-03-11"}, If_Match='"1"')
    assert counts(imported(bureau.database, contacts=[CONTACT])) == {"contacts": (0, 1, 0, 0)}
    moved = {**CONTACT, "contacted_on": date(2022, 3, 11)}
    plan = imported(bureau.database, contacts=[moved])
    assert counts(plan) == {"contacts": (0, 1, 0, 0)}
    assert (
        api("POST", "/contacts", {"cadre_id": LIN, "contacted_on": "2022-03-10", "method": "phone"}).status_code == 201
    )
    assert len(api("GET", "/contacts").json["items"]) == 2
