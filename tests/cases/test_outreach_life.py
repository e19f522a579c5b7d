"""Cases of one kind: what happens in a cadre's life, and a naive system has no word for."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.away_builders import away
from tests.unit.outreach_builders import (
    CHEN,
    DEATH,
    ILLNESS,
    LIN,
    Bureau,
    add_kinds,
    problem,
)

STAY = {"cadre_id": LIN, "admitted_on": "2023-01-02", "reported_on": "2023-01-03", "hospital": "区中心医院"}
VISIT = {
    "cadre_id": LIN,
    "visited_on": "2023-01-06",
    "form": "hospital",
    "category": "routine",
    "occasion": "illness",
    "five_must": True,
    "people": 1,
}


@pytest.fixture
def bureau():
    return Bureau("G0001", "G0002")


def test_who_was_transferred_is_not_visited_any_more_and_is_again_after_coming_back(bureau):
    bureau.registry("transferred", "G0001", direction="out", away=away("2023-01-05"))
    refused = bureau.api()("POST", "/visits", VISIT)
    assert problem(refused) == (422, "cadre-transferred")
    assert "2023-01-05" in refused.json["detail"]
    assert bureau.api()("POST", "/visits", {**VISIT, "visited_on": "2023-01-04"}).status_code == 201
    bureau.registry("transferred", "G0001", direction="in", away=away("2023-01-05", "2023-01-06"))
    assert bureau.api()("POST", "/visits", VISIT).status_code == 201


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/contacts", {"cadre_id": LIN, "contacted_on": "2023-01-06", "method": "phone"}),
        ("/stays", STAY),
        ("/aid-cases", {"cadre_id": LIN, "cause": "illness", "applied_on": "2023-01-06"}),
    ],
)
def test_nothing_is_recorded_of_the_time_with_another_bureau(bureau, url, body):
    bureau.registry("transferred", "G0001", direction="out", away=away("2023-01-01"))
    assert problem(bureau.api()("POST", url, body)) == (422, "cadre-transferred")


def test_a_transfer_between_hospitals_is_two_stays_on_one_day(bureau):
    api = bureau.api()
    first = api("POST", "/stays", STAY).json
    second = api("POST", "/stays", {**STAY, "hospital": "市第一医院"})
    assert second.status_code == 201
    api("POST", f"/stays/{first['id']}/end", {"discharged_on": "2023-01-02"})
    third = {**STAY, "hospital": "省人民医院", "admitted_on": "2023-01-05", "reported_on": "2023-01-06"}
    assert problem(api("POST", "/stays", third)) == (409, "stay-overlaps")
    api("POST", f"/stays/{second.json['id']}/end", {"discharged_on": "2023-01-05"})
    assert api("POST", "/stays", third).status_code == 201


def test_one_visit_meets_what_both_stays_of_a_transfer_ask_for(bureau):
    add_kinds(bureau.database, illness=ILLNESS)
    for hospital in ("区中心医院", "市第一医院"):
        bureau.api()("POST", "/stays", {**STAY, "hospital": hospital})
    bureau.api()("POST", "/visits", VISIT)
    assert [state for _, _, state in bureau.owed()] == ["met", "met"]


def test_stays_that_overlap_are_asked_about_and_taken_once_confirmed(bureau):
    api = bureau.api()
    api("POST", "/stays", STAY)
    again = {**STAY, "admitted_on": "2023-01-04", "reported_on": "2023-01-05"}
    asked = api("POST", "/stays", again)
    assert problem(asked) == (409, "stay-overlaps")
    assert "2023-01-02" in asked.json["detail"] and "2023-01-04" in asked.json["detail"]
    assert api("POST", "/stays?confirm=stay-overlaps", again).status_code == 201


def test_a_first_register_with_deaths_of_2015_owes_no_visit(bureau):
    add_kinds(bureau.database, death=DEATH)
    for number in range(10, 20):
        bureau.registry("registered", f"G{number:04}", deceased_on="2015-03-01")
    bureau.night(date(2023, 1, 20))
    assert bureau.owed() == []


def test_a_death_of_yesterday_in_a_first_register_is_owed_a_visit(bureau):
    add_kinds(bureau.database, death=DEATH)
    bureau.registry("registered", "G0010", deceased_on="2023-01-09")
    assert bureau.owed() == [("death", "2023-01-16", "open")]


def test_a_deadline_in_working_days_does_not_fall_into_the_spring_festival(bureau):
    add_kinds(bureau.database, illness={**ILLNESS, "working_days": True}, today=date(2022, 1, 1))
    january = bureau.api(date(2022, 1, 29))
    january("POST", "/stays", {"cadre_id": LIN, "admitted_on": "2022-01-28", "reported_on": "2022-01-29"})
    # 31 January to 6 February 2022 are holidays; 29 and 30 January are worked.
    assert [due for _, due, _ in bureau.owed()] == ["2022-02-14"]


def test_a_deadline_that_was_set_stays_when_nothing_but_the_day_has_changed(bureau, monkeypatch):
    from services.outreach.obligations import causes

    add_kinds(bureau.database, illness={**ILLNESS, "working_days": True})
    bureau.api()("POST", "/stays", STAY)
    before = bureau.owed()
    monkeypatch.setattr(causes, "add_working_days", lambda day, _days: day)
    bureau.registry("amended", "G0001")
    assert bureau.owed() == before


def test_who_lives_alone_from_today_on_is_to_be_visited(bureau):
    alone = {**ILLNESS, "raised_by": "living_alone", "days": 30, "occasions": ["living_alone"]}
    add_kinds(bureau.database, alone=alone)
    bureau.registry("care-changed", "G0002", on="2023-01-10", living_alone=True)
    assert bureau.owed() == [("alone", "2023-02-09", "open")]
    [owed] = bureau.api()("GET", "/obligations").json["items"]
    assert owed["cadre_id"] == CHEN


def test_who_dies_in_hospital_was_not_discharged(bureau):
    discharge = {**ILLNESS, "raised_by": "discharge"}
    add_kinds(bureau.database, illness=ILLNESS, death=DEATH, discharge=discharge)
    bureau.api()("POST", "/stays", STAY)
    bureau.die("G0001", "2023-01-08")
    assert bureau.owed() == [("illness", "2023-01-10", "cancelled"), ("death", "2023-01-15", "open")]


def test_the_day_of_death_is_the_last_one_on_which_a_visit_could_be_paid(bureau):
    add_kinds(bureau.database, illness=ILLNESS)
    bureau.api()("POST", "/stays", STAY)
    bureau.die("G0001", "2023-01-06")
    assert [state for _, _, state in bureau.owed()] == ["cancelled"]
    bureau.api()("POST", "/visits", VISIT)
    assert [state for _, _, state in bureau.owed()] == ["met"]


def test_on_time_and_late_can_be_counted_from_the_events_alone(bureau):
    add_kinds(bureau.database, illness=ILLNESS)
    for cadre_id in (LIN, CHEN):
        bureau.api()("POST", "/stays", {**STAY, "cadre_id": cadre_id})
    bureau.api()("POST", "/visits", VISIT)
    bureau.night(date(2023, 1, 11))
    latest = {}
    for name, event in bureau.events():
        if name.startswith("obligation."):
            latest[event["subject"]] = event["data"]
    judged = [data["on_time"] for data in latest.values() if data["on_time"] is not None]
    assert sorted(judged) == [False, True]
    assert {(data["kind"], data["due_on"]) for data in latest.values()} == {("illness", "2023-01-10")}
