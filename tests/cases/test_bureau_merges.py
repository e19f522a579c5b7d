"""After a merge, over all services: what is owed, and every figure."""

from __future__ import annotations

from tests.bureau.beginning import Beginning
from tests.bureau.office import Office


def figures(office: Office) -> dict[str, object]:
    """Return the year's figures."""
    return office.bureau.figures(2022)


def test_a_stay_of_the_merged_number_is_met_by_a_visit_to_the_survivor(office: Office, begun: Beginning) -> None:
    a, b, _ = begun.cadres
    office.bureau.move_to_day("2022-09-03")
    office.stay(a["id"])
    office.merge(a["id"], b["id"])
    office.visit(b["id"], visited_on="2022-09-03", occasion="illness")
    office.bureau.move_to_day("2022-10-01")
    office.bureau.run_timers()
    states = {each["state"] for each in office.bureau.all("outreach", "/obligations?kind=illness")}
    assert states == {"met"}


def test_the_same_call_under_two_numbers_is_listed_and_the_figure_says_so(office: Office, begun: Beginning) -> None:
    a, b, _ = begun.cadres
    office.visit(a["id"])
    office.visit(b["id"])
    office.merge(a["id"], b["id"])
    (found,) = office.bureau.all("outreach", "/contradictions?state=open")
    assert found["kind"] == "entered-twice"
    items = office.bureau.get("reporting", "/years/2022/indicators")["items"]
    (five,) = [each for each in items if each["code"] == "outreach.five_visits.persons"]
    assert (five["value"], five["contradictory"]) == ("4", 1)
    office.post("outreach", f"/visits/{found['record_id']}/void", {"reason": "duplicate"})
    assert figures(office)["outreach.five_visits.persons"] == "2"


def test_an_undone_merge_brings_back_every_figure_of_the_year(office: Office, begun: Beginning) -> None:
    a, b, c = (each["id"] for each in begun.cadres)
    office.line(pays_aid=True)
    for cadre in (a, b):
        office.visit(cadre)
        office.contact(cadre)
        office.approved(cadre)
        office.check(cadre)
    office.work(a)
    meeting = office.session()
    for cadre in (a, b):
        office.post("activities", f"/sessions/{meeting['id']}/attendances", {"cadre_id": cadre})
    before = figures(office)
    office.merge(a, b)
    office.merge(b, c)
    merged = figures(office)
    office.undo_merge(b)
    office.undo_merge(a)
    assert figures(office) == before
    changed = {code for code in before if before[code] != merged[code]}
    assert changed >= {
        "outreach.contact.coverage",
        "outreach.milestone_visits.persons",
        "outreach.aid.persons",
        "activities.healthcheck.persons",
        "activities.online.attendance",
    }


def test_merges_undone_in_the_other_order_leave_nothing_behind(office: Office, begun: Beginning) -> None:
    a, b, c = (each["id"] for each in begun.cadres)
    office.contact(a)
    office.visit(b)
    before = figures(office)
    office.merge(a, b)
    office.merge(b, c)
    office.undo_merge(a)
    office.undo_merge(b)
    assert figures(office) == before
    office.merge(b, a)
    office.undo_merge(b)
    assert figures(office) == before


def test_what_was_recorded_for_the_merged_number_stays_the_survivors_after_the_undoing(
    office: Office, begun: Beginning
) -> None:
    a, b, _ = (each["id"] for each in begun.cadres)
    office.merge(a, b)
    contact = office.contact(a)
    office.undo_merge(a)
    assert office.bureau.get("outreach", f"/contacts/{contact['id']}")["cadre_id"] == b


def test_a_death_of_the_survivor_withdraws_aid_that_the_merged_number_applied_for(
    office: Office, begun: Beginning
) -> None:
    a, b, _ = (each["id"] for each in begun.cadres)
    case = office.aid(a)
    office.merge(a, b)
    office.death(b, "2022-09-01")
    assert office.bureau.get("outreach", f"/aid-cases/{case['id']}")["state"] == "withdrawn"


def test_a_merge_keeps_the_time_in_which_a_cadre_was_away_and_its_undoing_brings_back_the_months(
    office: Office, begun: Beginning
) -> None:
    a, b, _ = (each["id"] for each in begun.cadres)
    office.contact(b)
    away = {"left_on": "2022-03-15", "destination": "邻区", "returned_on": "2022-06-15"}
    office.post("registry", f"/cadres/{a}/leave", away)
    assert due(office) == 9 + 12 + 12
    refused = office.bureau.call("registry", "POST", f"/cadres/{a}/merge", {"into": b})
    assert (refused.status_code, refused.json["type"]) == (422, "urn:hongxia:problem:into-present")
    assert due(office) == 9 + 12 + 12
    office.post("registry", f"/cadres/{b}/leave", away)
    office.merge(a, b)
    assert due(office) == 9 + 12
    office.undo_merge(a)
    assert due(office) == 9 + 9 + 12


def due(office: Office) -> int:
    """Return the person-months of contact that were due in 2022."""
    office.bureau.settle()
    items = office.bureau.get("reporting", "/years/2022/indicators")["items"]
    return int(next(each["denominator"] for each in items if each["code"] == "outreach.contact.coverage"))
