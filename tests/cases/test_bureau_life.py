"""Life, over all services: who is served when, and what is owed."""

from __future__ import annotations

from tests.bureau.beginning import Beginning
from tests.bureau.office import Office

COVERAGE = "outreach.contact.coverage"


def due(office: Office) -> int:
    """Return the person-months of contact that were due in 2022. There is no figure while there is no contact."""
    if not office.bureau.all("outreach", "/contacts"):
        office.contact(office.cadre(name="王建国", registered_on="2022-12-31")["id"], contacted_on="2022-12-31")
    office.bureau.settle()
    items = office.bureau.get("reporting", "/years/2022/indicators")["items"]
    return int(next(each["denominator"] for each in items if each["code"] == COVERAGE) or 0)


def away(office: Office, cadre_id: str, left_on: str, returned_on: str | None = None) -> None:
    """Record a time with another bureau."""
    body = {"left_on": left_on, "destination": "邻区", "returned_on": returned_on}
    office.post("registry", f"/cadres/{cadre_id}/leave", body)


def test_who_was_transferred_is_not_due_while_away(office: Office, begun: Beginning) -> None:
    assert due(office) == 37
    away(office, begun.cadres[0]["id"], "2022-03-15", "2022-06-15")
    assert due(office) == 34
    away(office, begun.cadres[1]["id"], "2022-12-31")
    assert due(office) == 33


def test_who_was_away_twice_is_not_due_in_either_time(office: Office, begun: Beginning) -> None:
    away(office, begun.cadres[0]["id"], "2022-03-15", "2022-06-15")
    away(office, begun.cadres[0]["id"], "2022-09-15", "2022-11-15")
    assert due(office) == 37 - 3 - 2


def test_a_visit_during_the_first_of_two_times_away_is_refused_or_listed(office: Office, begun: Beginning) -> None:
    cadre = begun.cadres[0]["id"]
    away(office, cadre, "2022-06-15", "2022-08-15")
    away(office, cadre, "2022-09-15", "2022-11-15")
    response = office.bureau.call("outreach", "POST", "/visits", office.visit_body(cadre))
    office.bureau.settle()
    assert response.status_code == 422 or office.bureau.all("outreach", "/contradictions?state=open")


def test_a_transfer_that_did_not_happen_makes_the_months_due_again(office: Office, begun: Beginning) -> None:
    away(office, begun.cadres[0]["id"], "2022-03-15")
    (transfer,) = office.bureau.all("registry", "/transfers")
    office.post("registry", f"/transfers/{transfer['id']}/void", {"reason": "entered-in-error"})
    assert due(office) == 37


def test_old_deaths_of_a_first_register_owe_nothing_and_are_due_in_no_month(office: Office) -> None:
    before = due(office)
    office.cadre(name="李卫国", registered_on="2010-01-01", deceased_on="2015-03-01")
    office.bureau.run_timers()
    assert due(office) == before
    assert office.bureau.all("outreach", "/obligations") == []


def test_two_stays_on_one_day_in_two_hospitals_are_both_there_once_confirmed(office: Office, begun: Beginning) -> None:
    cadre = begun.cadres[0]["id"]
    office.stay(cadre, hospital="区中心医院")
    office.stay(cadre, hospital="市人民医院")
    assert len(office.bureau.all("outreach", "/stays")) == 2


def test_the_day_of_death_is_lived_in_every_service(office: Office, begun: Beginning) -> None:
    cadre, on = begun.cadres[0]["id"], "2022-08-09"
    office.death(cadre, on)
    office.visit(cadre, visited_on=on)
    office.contact(cadre, contacted_on=on)
    office.stay(cadre, admitted_on=on, reported_on=on)
    meeting = office.session(held_on=on)
    office.post("activities", f"/sessions/{meeting['id']}/attendances", {"cadre_id": cadre})
    for service in ("registry", "outreach", "activities"):
        assert office.bureau.all(service, "/contradictions") == []
