from __future__ import annotations

from datetime import date

import pytest

from hongxia import ids
from hongxia.definition import NotLoadable
from hongxia.workbook.declare import Row
from services.outreach import aid, cadres, suggestions, visits
from services.outreach.loading import CHANGED, load, row_id
from tests.unit.outreach_builders import LIN, TODAY, add_cadre, events, new_database, types, work

SECOND = ids.entity_id("cadre", "G0002")

VISIT = {
    "visit_no": "ZF-0001",
    "cadre_no": "G0001",
    "visited_on": date(2022, 7, 1),
    "form": "home",
    "category": "love_knocks",
    "occasion": "birthday",
    "five_must": False,
    "people": 2,
}
CONTACT = {"cadre_no": "G0001", "contacted_on": date(2022, 3, 10), "method": "phone"}
AID = {
    "aid_no": "BF-001",
    "cadre_no": "G0001",
    "applied_on": date(2021, 11, 20),
    "reviewed_on": date(2022, 1, 18),
    "outcome": "approved",
    "amount_fen": 800_000,
    "paid_on": None,
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


def loaded(database, *, visit=(), contact=(), aid=(), suggestion=()):
    sheets = {"visits": visit, "contacts": contact, "aid_cases": aid, "suggestions": suggestion}
    rows = {
        sheet: [Row(number, values) for number, values in enumerate(given, start=2)] for sheet, given in sheets.items()
    }
    with work(database) as session:
        done = load(session, 2022, rows, TODAY)
    return {sheet: (what.created, what.unchanged) for sheet, what in done.items() if rows[sheet]}


def found(database, **rows):
    """The findings of rows that are not loaded; nothing of the file is kept."""
    before = types(database)
    with pytest.raises(NotLoadable) as raised:
        loaded(database, **rows)
    assert types(database) == before
    return [(finding.sheet, finding.row, finding.field, finding.message_zh) for finding in raised.value.findings]


def bureau():
    database = new_database()
    add_cadre(database)
    add_cadre(database, "G0002")
    return database


def test_rows_make_events_sheet_by_sheet_in_row_order():
    database = bureau()
    done = loaded(
        database,
        visit=[VISIT, {**VISIT, "visit_no": "ZF-0002", "cadre_no": "G0002"}],
        contact=[CONTACT],
        aid=[AID, DECLINED],
        suggestion=[SUGGESTION, {**SUGGESTION, "suggestion_no": "YJ-002", "resolved_on": None}],
    )
    assert done == {"visits": (2, 0), "contacts": (1, 0), "aid_cases": (2, 0), "suggestions": (2, 0)}
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
    told = [event for _, event in events(database)]
    assert [event["data"]["cadre_id"] for event in told[:2]] == [LIN, SECOND]
    assert (told[3]["occurredon"], told[4]["occurredon"]) == ("2021-11-20", "2022-01-18")
    assert told[4]["data"]["pay_on"] == "2022-01-18"


def test_the_same_rows_again_change_nothing():
    database = bureau()
    everything = {"visit": [VISIT], "contact": [CONTACT], "aid": [AID, DECLINED], "suggestion": [SUGGESTION]}
    loaded(database, **everything)
    before = events(database)
    assert loaded(database, **everything) == {
        "visits": (0, 1),
        "contacts": (0, 1),
        "aid_cases": (0, 2),
        "suggestions": (0, 1),
    }
    assert events(database) == before


def test_rows_that_went_on_in_the_system_are_still_the_same_rows():
    database = bureau()
    rows = {"visit": [VISIT], "suggestion": [{**SUGGESTION, "resolved_on": None}], "aid": [AID]}
    loaded(database, **rows)
    with work(database) as session:
        visits.void(session, visits.get(session, row_id("visit", 2022, "ZF-0001")), "entered-in-error")
        suggestion = suggestions.get(session, row_id("suggestion", 2022, "YJ-001"))
        suggestions.resolve(session, suggestion, date(2022, 5, 1), TODAY)
        aid.get(session, row_id("aid", 2022, "BF-001")).state = "paid"
    assert loaded(database, **rows) == {"visits": (0, 1), "suggestions": (0, 1), "aid_cases": (0, 1)}
    as_it_stands = {**SUGGESTION, "resolved_on": date(2022, 5, 1)}
    assert loaded(database, suggestion=[as_it_stands]) == {"suggestions": (0, 1)}


def test_a_number_that_was_used_for_something_else_is_an_error():
    database = bureau()
    loaded(database, visit=[VISIT], aid=[AID], suggestion=[SUGGESTION])
    assert found(
        database,
        visit=[{**VISIT, "people": 3}],
        aid=[{**AID, "amount_fen": 1}],
        suggestion=[{**SUGGESTION, "channel": "letter"}],
    ) == [("visits", 2, "", CHANGED), ("aid_cases", 2, "", CHANGED), ("suggestions", 2, "", CHANGED)]


def test_the_same_number_in_another_year_is_another_record():
    assert row_id("visit", 2022, "ZF-0001") != row_id("visit", 2023, "ZF-0001")


def test_every_error_of_every_row_is_found_and_placed_in_its_column():
    database = bureau()
    add_cadre(database, "G0003", deceased_on=date(2022, 2, 1), registered_on=date(2022, 1, 10))
    assert found(
        database,
        visit=[
            {**VISIT, "cadre_no": "X"},
            {**VISIT, "visit_no": "2", "cadre_no": "G0003"},
            {**VISIT, "visit_no": "3", "cadre_no": "G0003", "visited_on": date(2022, 1, 9)},
            {**VISIT, "visit_no": "4", "cadre_no": "G0003", "occasion": "death"},
        ],
        contact=[CONTACT, {**CONTACT, "cadre_no": "G0003"}],
        aid=[{**AID, "cadre_no": "X"}],
        suggestion=[{**SUGGESTION, "resolved_on": date(2022, 4, 5)}],
    ) == [
        ("visits", 2, "cadre_no", "名册中没有这位干部"),
        ("visits", 3, "cadre_no", "该干部在走访日期前已去世，事由只能是“去世”（慰问家属）"),
        ("visits", 4, "visited_on", "走访日期早于该干部的登记日期"),
        ("contacts", 3, "cadre_no", "该干部在联系日期前已去世"),
        ("aid_cases", 2, "cadre_no", "名册中没有这位干部"),
        ("suggestions", 2, "resolved_on", "日期早于收到日期"),
    ]


def test_a_second_approved_aid_in_the_year_is_an_error_and_a_declined_one_is_not():
    second = {**AID, "aid_no": "BF-003", "applied_on": date(2022, 2, 1), "reviewed_on": date(2022, 3, 1)}
    message = "该干部2022年已有帮扶，同一年度只帮扶一次"
    assert found(bureau(), aid=[DECLINED, AID, second]) == [("aid_cases", 4, "cadre_no", message)]
    database = bureau()
    loaded(database, aid=[DECLINED, AID, {**DECLINED, "aid_no": "BF-004"}])
    assert found(database, aid=[second]) == [("aid_cases", 2, "cadre_no", message)]


def test_an_aid_of_last_year_does_not_stand_against_one_applied_for_last_year_and_approved_in_this():
    database = bureau()
    with work(database) as session:
        application = aid.Application(LIN, "illness", date(2021, 3, 1))
        case = aid.apply(session, ids.new_id(), application, cadres.find(session, LIN), TODAY, aided=())
        aid.approve(session, case, aid.Approval(1, date(2021, 3, 2), date(2021, 3, 2)), TODAY, aided=())
    assert loaded(database, aid=[AID]) == {"aid_cases": (1, 0)}
