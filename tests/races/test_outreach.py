"""Outreach's locks besides the cadre's own: many cadres at once, and the kind of an obligation that is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hongxia import ids
from services.outreach.aid import finance
from services.outreach.app import OutreachService
from services.outreach.cadres import registry
from services.outreach.cadres.model import Cadre
from services.outreach.obligations import rules as obligations
from tests.races.conftest import NewRace
from tests.races.kit import Race
from tests.unit.outreach_builders import ILLNESS, LIN, STATE, TODAY, Api, event_of, finance_event, work

VISIT = {
    "cadre_id": LIN,
    "visited_on": "2022-12-05",
    "form": "hospital",
    "category": "routine",
    "occasion": "illness",
    "five_must": True,
    "people": 1,
}
APPLICATION = {"cadre_id": LIN, "cause": "illness", "applied_on": "2022-12-01"}
GRANT = {"amount": "8000.00", "approved_on": "2022-12-20"}


def bureau(new_race: NewRace) -> tuple[Race, Api]:
    """A race with one cadre."""
    race = new_race(OutreachService)
    days = dict.fromkeys(("deceased_on", "liaison", "merged_into"))
    flags = dict.fromkeys(("hardship", "living_alone", "advanced_age", "resettled"), False)
    with work(race.database) as session:
        session.add(Cadre(id=LIN, registered_on=date(2012, 5, 1), away=(), version=1, **days, **flags))
    return race, Api(race.database)


@pytest.mark.lock("services.outreach.cadres.mirror:lock_many")
def test_a_visit_that_comes_while_deadlines_are_looked_at_is_not_overlooked(new_race: NewRace) -> None:
    race, api = bureau(new_race)
    with work(race.database, date(2022, 12, 2)) as session:
        kind = obligations.find_kind(session, "illness")
        assert kind is not None  # from the migration
    body = {"cadre_id": LIN, "admitted_on": "2022-12-01", "reported_on": "2022-12-02"}
    earlier = Api(race.database, datetime(2022, 12, 2, 4, tzinfo=UTC))
    assert earlier("POST", "/stays", body).status_code == 201

    def night() -> None:
        with work(race.database) as session:
            obligations.review_some(session, obligations.to_review(session, TODAY), TODAY)

    race.between(night, lambda: api("POST", "/visits", VISIT), after="FROM obligation WHERE obligation.cadre_id")
    [owed] = api("GET", "/obligations?kind=illness").json["items"]
    assert owed["state"] == "met"


@pytest.mark.lock("services.outreach.cadres.mirror:lock_many")
def test_aid_is_not_withdrawn_at_the_moment_in_which_finance_pays_it(new_race: NewRace) -> None:
    race, api = bureau(new_race)
    path = "/" + api("POST", "/aid-cases", APPLICATION).headers["Location"]
    case_id = api("POST", f"{path}/approve", GRANT).json["id"]

    def pay() -> None:
        with work(race.database) as session:
            finance.apply(session, [finance_event("paid", case_id)])

    race.between(
        pay, lambda: api("POST", f"{path}/withdraw", {"reason": "other"}).status_code, after="WHERE aid_case.id ="
    )


@pytest.mark.lock("services.outreach.cadres.mirror:lock_many")
def test_a_visit_that_comes_while_a_merge_is_learnt_meets_what_the_person_owes(new_race: NewRace) -> None:
    """The event does not change the survivor's own row: nothing else keeps a request about it waiting."""
    race, api = bureau(new_race)
    other = ids.entity_id("cadre", "G0002")
    registered = event_of("hongxia.registry.cadre.registered.v1", other, STATE)
    with work(race.database) as session:
        registry.apply(session, [registered], TODAY)
    body = {"cadre_id": other, "admitted_on": "2023-01-02", "reported_on": "2023-01-05"}
    assert api("POST", "/stays", body).status_code == 201
    merged = event_of("hongxia.registry.cadre.merged.v1", other, {**STATE, "into": LIN}, version=2)

    def learn() -> None:
        with work(race.database) as session:
            registry.apply(session, [merged], TODAY)

    visit = {**VISIT, "visited_on": "2023-01-06"}
    race.between(learn, lambda: api("POST", "/visits", visit).status_code, after="FROM visit WHERE visit.cadre_id")
    [owed] = api("GET", "/obligations?kind=illness").json["items"]
    assert owed["state"] == "met"


@pytest.mark.lock("services.outreach.obligations.rules:find_kind")
def test_a_kind_is_not_changed_by_two_who_saw_the_same_version(new_race: NewRace) -> None:
    race = new_race(OutreachService)
    api = Api(race.database)

    def put(days: int) -> int:
        body = {**ILLNESS, "days": days}
        return api("PUT", "/obligation-kinds/illness", body, If_Match='"1"').status_code

    assert race.between(lambda: put(10), lambda: put(20), after="FROM obligation_kind WHERE") == (200, 412)
