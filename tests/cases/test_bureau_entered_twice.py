"""Entered twice, over all services: by API, by workbook, and by whoever sends a request again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.bureau.beginning import Beginning
from tests.bureau.bureau import Refused
from tests.bureau.office import Office
from tests.cases.test_merged_cadre import ROWS, sheets_about_cadres, workbook


def test_a_key_is_known_again_after_eight_days_and_after_a_year(office: Office, begun: Beginning) -> None:
    def send() -> Any:
        body = office.visit_body(begun.cadres[0]["id"])
        return office.bureau.call("outreach", "POST", "/visits", body, headers={"Idempotency-Key": "once"})

    first = send().json["id"]
    for later in (date(2023, 1, 18), date(2024, 1, 20)):
        office.bureau.move_to(later)
        office.bureau.run_timers()
        assert send().json["id"] == first
    assert len(office.bureau.all("outreach", "/visits")) == 1


def test_what_was_posted_and_comes_in_a_file_too_is_asked_about_and_counts_twice_only_if_confirmed(
    office: Office, begun: Beginning
) -> None:
    cadre = begun.cadres[0]
    office.visit(cadre["id"])
    service, importable = sheets_about_cadres()["visits"]
    row = {**ROWS["visits"]["visits"], "cadre_id": cadre["cadre_no"]}
    data = workbook(importable.workbook.name, {"visits": [row]})
    response = office.bureau.send_workbook(service, importable.workbook.name, data)
    assert response.status_code == 409, response.get_data(as_text=True)
    assert [each["code"] for each in response.json["questions"]] == ["entered-twice"]
    assert office.bureau.figures(2022)["outreach.five_visits.persons"] == "2"
    office.bureau.import_workbook(service, importable.workbook.name, data)
    assert office.bureau.figures(2022)["outreach.five_visits.persons"] == "4"


def test_a_visit_without_a_key_is_refused_and_with_one_it_is_asked_about(office: Office, begun: Beginning) -> None:
    cadre = begun.cadres[0]["id"]
    node = office.bureau.nodes["outreach"]
    assert node.call("POST", "/visits", office.visit_body(cadre)).status_code == 428
    office.visit(cadre)
    with pytest.raises(Refused, match="entered-twice"):
        office.visit(cadre)
