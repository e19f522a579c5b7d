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


# ---- a stay, and a transfer to another bureau

MONTHLY = {**ILLNESS, "raised_by": "monthly", "days": 0}
LONG = {"cadre_id": LIN, "admitted_on": "2022-10-20", "reported_on": "2022-10-21"}


def stay_of(bureau):
    return bureau.api()("GET", "/stays").json["items"][0]


def test_a_stay_that_lasts_ends_with_the_transfer_and_no_visit_is_owed_any_more(bureau):
    add_kinds(bureau.database, monthly=MONTHLY, discharge={**ILLNESS, "raised_by": "discharge"})
    bureau.api(date(2022, 10, 21))("POST", "/stays", LONG)
    bureau.night(date(2023, 1, 9))
    assert bureau.owed()[-1] == ("monthly", "2023-01-19", "open")
    bureau.registry("transferred", "G0001", direction="out", away=away("2023-01-05"))
    stay = stay_of(bureau)
    assert (stay["state"], stay["discharged_on"]) == ("ended", "2023-01-05")
    assert "stay.ended" in bureau.types()
    for day in (date(2023, 1, 20), date(2023, 3, 1), date(2023, 6, 1)):
        bureau.night(day)
    assert "open" not in [state for *_, state in bureau.owed()]
    assert [kind for kind, *_ in bureau.owed() if kind == "discharge"] == []
    assert bureau.contradictions() == []


def test_who_comes_back_or_never_left_is_in_hospital_still_until_somebody_says_otherwise(bureau):
    add_kinds(bureau.database, monthly=MONTHLY)
    bureau.api(date(2022, 10, 21))("POST", "/stays", LONG)
    bureau.registry("transferred", "G0001", direction="out", away=away("2022-12-01"))
    bureau.registry("transferred", "G0001", direction="in", away=away("2022-12-01", "2023-01-03"))
    assert (stay_of(bureau)["state"], stay_of(bureau)["discharged_on"]) == ("reported", None)
    bureau.night(date(2023, 1, 9))
    assert bureau.owed()[-1] == ("monthly", "2023-01-19", "open")
    assert ("monthly", "2022-12-19", "missed") not in bureau.owed()
    bureau.registry("transferred", "G0001", direction="out", away=away("2023-01-04"))
    bureau.registry("amended", "G0001", away=away("2023-01-05"))
    assert stay_of(bureau)["discharged_on"] == "2023-01-05"
    bureau.registry("amended", "G0001", away=[])
    assert stay_of(bureau)["state"] == "reported"


def test_a_discharge_that_somebody_recorded_stays_whatever_becomes_of_the_transfer(bureau):
    made = bureau.api()("POST", "/stays", LONG).json
    bureau.registry("transferred", "G0001", direction="out", away=away("2023-01-05"))
    path = f"/stays/{made['id']}"
    assert bureau.api()("PATCH", path, {"discharged_on": "2023-01-02"}, If_Match="*").status_code == 200
    bureau.registry("amended", "G0001", away=[])
    assert (stay_of(bureau)["state"], stay_of(bureau)["discharged_on"]) == ("ended", "2023-01-02")


@pytest.mark.parametrize(
    ("events", "discharged_on"),
    [
        ([{"away": away("2022-12-01")}, {"deceased_on": "2022-12-20"}], "2022-12-01"),
        ([{"deceased_on": "2022-11-20"}, {"away": away("2022-12-01")}], "2022-11-20"),
        ([{"away": away("2022-12-01")}, {"deceased_on": "2022-11-20"}], "2022-11-20"),
        ([{"away": away("2022-12-01")}, {"deceased_on": "2022-12-20"}, {"away": []}], "2022-12-20"),
        ([{"away": away("2022-11-01", "2022-12-01")}], None),
        ([{"away": away("2022-10-20")}], None),
    ],
)
def test_whichever_comes_first_ends_a_stay_in_whatever_order_it_is_learnt(bureau, events, discharged_on):
    bureau.api()("POST", "/stays", LONG)
    for state in events:
        bureau.registry("amended", "G0001", **state)
    assert stay_of(bureau)["discharged_on"] == discharged_on


def test_a_festival_raises_nothing_for_who_is_away_on_its_day_though_back_from_another_time(bureau):
    add_kinds(bureau.database, festival={**ILLNESS, "raised_by": "festival", "days": 20, "occasions": ["festival"]})
    times = [*away("2022-01-01", "2022-02-01"), *away("2023-01-20", "2023-01-25")]
    bureau.registry("transferred", "G0001", direction="out", away=times)
    bureau.api()("POST", "/festivals", {"name": "春节", "held_on": "2023-01-22"})
    bureau.night(date(2023, 1, 15))
    assert bureau.owed() == [("festival", "2023-01-22", "open")]


def test_a_record_in_the_earlier_of_two_times_away_is_refused_and_listed(bureau):
    assert bureau.api()("POST", "/visits", {**VISIT, "visited_on": "2022-08-20"}).status_code == 201
    times = [*away("2022-08-01", "2022-09-01"), *away("2022-11-01", "2022-12-01")]
    bureau.registry("transferred", "G0001", direction="in", away=times)
    assert bureau.contradictions() == [("while-away", "visits")]
    refused = bureau.api()("POST", "/visits", {**VISIT, "visited_on": "2022-08-21"})
    assert problem(refused) == (422, "cadre-transferred")
    assert "2022-08-01" in refused.json["detail"] and "2022-09-01" in refused.json["detail"]
    assert bureau.api()("POST", "/visits", {**VISIT, "visited_on": "2022-10-21"}).status_code == 201


# ---- festivals


def test_a_second_festival_of_one_name_in_a_year_is_asked_about(bureau):
    api = bureau.api()
    first = api("POST", "/festivals", {"name": "腊八节", "held_on": "2023-01-10"}).json
    asked = api("POST", "/festivals", {"name": "腊八节", "held_on": "2023-12-30"})
    assert problem(asked) == (409, "festival-same-year")
    assert asked.json["existing"] == first["id"]
    assert "2023-01-10" in asked.json["detail"] and "2023-12-30" in asked.json["detail"]
    sent = {"name": "腊八节", "held_on": "2023-12-30"}
    assert api("POST", "/festivals?confirm=festival-same-year", sent).status_code == 201
    assert api("POST", "/festivals", {"name": "腊八节", "held_on": "2024-12-30"}).status_code == 201


def test_a_festival_that_is_moved_or_relisted_into_the_year_of_another_is_asked_about(bureau):
    api = bureau.api()
    first = api("POST", "/festivals", {"name": "春节", "held_on": "2023-01-22"}).json
    assert api("POST", f"/festivals/{first['id']}/retire").status_code == 200
    second = api("POST", "/festivals", {"name": "春节", "held_on": "2023-01-23"}).json
    assert problem(api("POST", f"/festivals/{first['id']}/relist")) == (409, "festival-same-year")
    third = api("POST", "/festivals", {"name": "春节", "held_on": "2024-02-10"}).json
    moved = {"held_on": "2023-02-10"}
    assert problem(api("PATCH", f"/festivals/{third['id']}", moved, If_Match="*")) == (409, "festival-same-year")
    renamed = api("PATCH", f"/festivals/{second['id']}", {"held_on": "2023-01-22"}, If_Match="*")
    assert problem(renamed) == (409, "festival-exists")
    confirmed = api("POST", f"/festivals/{first['id']}/relist?confirm=festival-same-year")
    assert confirmed.json["state"] == "listed"


@pytest.mark.parametrize("held_on", ["9999-12-31", "2029-01-01", "2203-01-22"])
def test_a_festival_in_a_far_year_is_refused_with_the_latest_day(bureau, held_on):
    api = bureau.api()
    refused = api("POST", "/festivals", {"name": "春节", "held_on": held_on})
    assert problem(refused) == (422, "date-too-late")
    assert held_on in refused.json["detail"] and "2028-12-31" in refused.json["detail"]
    made = api("POST", "/festivals", {"name": "春节", "held_on": "2028-12-31"}).json
    assert problem(api("PATCH", f"/festivals/{made['id']}", {"held_on": held_on}, If_Match="*"))[1] == "date-too-late"
