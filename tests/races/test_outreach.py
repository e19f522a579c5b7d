"""Two examples for the services: a record of its own, and a rule between the records of one cadre."""

from __future__ import annotations

import pytest
from werkzeug.wrappers import Response

from services.outreach.app import OutreachService
from tests.races.conftest import NewRace
from tests.unit.outreach_builders import Api, add_cadre

SUGGESTION = {"category": "home_care", "channel": "phone", "received_on": "2022-04-06"}


@pytest.mark.lock("services.outreach.suggestions:get", "services.outreach.app:_locked_suggestion")
def test_a_suggestion_that_is_just_being_resolved_is_not_assigned(new_race: NewRace) -> None:
    race = new_race(OutreachService)
    api = Api(race.database)
    path = "/" + api("POST", "/suggestions", SUGGESTION).headers["Location"]
    resolved, assigned = race.between(
        lambda: api("POST", f"{path}/resolve", {"resolved_on": "2022-04-12"}),
        lambda: api("POST", f"{path}/assign", {"assignee": "联络一组", "assigned_on": "2022-04-08"}),
        after="FROM suggestion",
    )
    assert (resolved.status_code, assigned.status_code) == (200, 409)


@pytest.mark.lock("services.outreach.cadres:locked")
def test_a_cadre_is_aided_once_a_year_however_many_apply_at_once(new_race: NewRace) -> None:
    race = new_race(OutreachService)
    api, cadre = Api(race.database), add_cadre(race.database)

    def apply(day: int) -> Response:
        body = {"cadre_id": cadre.id, "cause": "illness", "applied_on": f"2022-01-{day:02}"}
        return api("POST", "/aid-cases", body)

    first, second = race.between(lambda: apply(5), lambda: apply(6), after="FROM cadre")
    assert (first.status_code, second.status_code) == (201, 422)
