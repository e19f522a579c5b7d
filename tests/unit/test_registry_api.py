"""The registry's API: who may do what, who sees a resident number, versions, pages, problem documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.wrappers import Response

from services.registry import registration
from services.registry.app import RegistryService
from tests.unit.registry_builders import new_database, resident_number
from tests.unit.service_api import ServiceApi

NEW = {
    "name": "林晓霞",
    "resident_number": resident_number(),
    "sex": "2",
    "political_status": "01",
    "retirement_category": "2",
    "rank": "132",
    "treatment": "132",
    "unit": "区教育局",
    "street": "石桥街道",
    "registered_on": "2012-05-01",
}


class Api(ServiceApi):
    """The registry's routes, on 10 January 2023."""

    def __init__(self) -> None:
        super().__init__(RegistryService, new_database(), datetime(2023, 1, 10, 4, tzinfo=UTC), "records")

    def registered(self, **different: Any) -> dict[str, Any]:
        """A cadre registered by a request that must succeed."""
        response = self("POST", "/cadres", {**NEW, **different})
        assert response.status_code == 201, response.get_data(as_text=True)
        cadre: dict[str, Any] = response.json
        return cadre


@pytest.fixture
def api() -> Iterator[Api]:
    """The API of an empty registry."""
    opened = Api()
    yield opened
    opened.service.host.database.close()


def problem(response: Response) -> tuple[int, str, str | None]:
    """Status, slug and first pointer of a problem document."""
    assert response.content_type == "application/problem+json", response.get_data(as_text=True)
    body = response.json
    (first, *_) = body.get("errors") or [{}]
    return response.status_code, body["type"].removeprefix("urn:hongxia:problem:"), first.get("pointer")


def test_a_registration_answers_with_the_record_its_address_and_its_version(api: Api) -> None:
    response = api("POST", "/cadres", NEW)
    assert response.status_code == 201
    assert response.headers["Location"] == f"cadres/{response.json['id']}"
    assert (response.headers["ETag"], response.json["cadre_no"]) == ('"1"', "G0001")


def test_only_who_keeps_the_register_sees_a_resident_number(api: Api) -> None:
    path = f"/cadres/{api.registered()['id']}"
    for role, seen in (("records", True), ("admin", True), ("liaison", False), ("office", False)):
        for asked in (path, "/cadres"):
            text = api("GET", asked, role=role).get_data(as_text=True)
            assert (resident_number() in text) is seen


@pytest.mark.parametrize("role", ["liaison", "office", "operator", "accountant", "subscriber"])
def test_nobody_else_writes_or_searches_by_name(api: Api, role: str) -> None:
    path = f"/cadres/{api.registered()['id']}"
    assert api("POST", "/cadres", NEW, role=role).status_code == 403
    assert api("POST", f"{path}/death", {"deceased_on": "2022-08-09"}, role=role).status_code == 403
    assert api("PATCH", path, {"street": "沙湾街道"}, role=role, If_Match='"1"').status_code == 403
    assert api("POST", "/cadres/search", {"name": "林晓霞"}, role=role).status_code == 403
    assert api("GET", "/cadres/duplicates", role=role).status_code == 403


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"telephone": "1"}, "#/telephone"),
        ({"name": " "}, "#/name"),
        ({"sex": "3"}, "#/sex"),
        ({"rank": "县处级副职"}, "#/rank"),
        ({"registered_on": "2012-02-30"}, "#/registered_on"),
        ({"hardship": "true"}, "#/hardship"),
        ({"resident_number": 990101195003010014}, "#/resident_number"),
        ({"resident_number": "990101195003010015"}, "#/resident_number"),
        ({"deceased_on": "2022-01-01"}, "#/deceased_on"),
    ],
)
def test_what_is_no_registration_is_refused_field_by_field(api: Api, different: dict[str, Any], pointer: str) -> None:
    response = api("POST", "/cadres", {**NEW, **different})
    assert problem(response) == (422, "invalid", pointer)
    assert resident_number() not in response.get_data(as_text=True)
    assert api("GET", "/cadres").json["items"] == []


def test_a_taken_resident_number_is_a_conflict(api: Api) -> None:
    api.registered()
    response = api("POST", "/cadres", {**NEW, "resident_number": f" {resident_number()} "})
    assert problem(response) == (409, "resident-number-taken", "#/resident_number")
    assert resident_number() not in response.get_data(as_text=True)


def test_a_cadre_number_is_the_same_in_full_width(api: Api) -> None:
    api.registered(cadre_no="G0007")
    response = api("POST", "/cadres", {**NEW, "cadre_no": "Ｇ０００７", "resident_number": resident_number(serial=2)})
    assert problem(response) == (409, "cadre-no-taken", "#/cadre_no")


def test_an_amendment_needs_the_version_that_was_read(api: Api) -> None:
    path = f"/cadres/{api.registered()['id']}"
    change = {"street": "沙湾街道"}
    assert problem(api("PATCH", path, change))[0] == 428
    assert api("PATCH", path, change, If_Match='"1"').headers["ETag"] == '"2"'
    assert problem(api("PATCH", path, change, If_Match='"1"'))[0] == 412
    assert problem(api("PATCH", path, {"on": "2022-01-01"}, If_Match='"2"')) == (422, "nothing-to-change", None)
    assert problem(api("PATCH", path, {"treatment": "131"}, If_Match='"2"')) == (422, "invalid", "#/treatment")


def test_a_cadre_is_answered_with_the_whole_history(api: Api) -> None:
    path = f"/cadres/{api.registered(treatment_document_no='组〔2012〕1号')['id']}"
    api("POST", f"{path}/treatment", {"treatment": "131", "on": "2022-06-01", "document_no": "组〔2022〕5号"})
    api("POST", f"{path}/rank", {"rank": "131", "on": "2022-06-01", "document_no": "组〔2022〕6号"})
    api("POST", f"{path}/liaison", {"liaison": "联络二组", "on": "2022-06-01"})
    api("POST", f"{path}/care", {"living_alone": True, "on": "2022-06-01"})
    api("POST", f"{path}/history/5/void", {"reason": "entered-in-error"})
    cadre = api("GET", path).json
    assert (cadre["version"], cadre["treatment"], cadre["rank"], cadre["liaison"]) == (6, "131", "131", "联络二组")
    assert cadre["living_alone"] is False
    assert [(entry["aspect"], entry["value"], entry["document_no"]) for entry in cadre["history"]] == [
        ("care", "", None),
        ("liaison", None, None),
        ("rank", "132", None),
        ("treatment", "132", "组〔2012〕1号"),
        ("treatment", "131", "组〔2022〕5号"),
        ("rank", "131", "组〔2022〕6号"),
        ("liaison", "联络二组", None),
        ("care", "living_alone", None),
    ]


def test_the_list_is_filtered_and_paged_and_takes_no_name(api: Api) -> None:
    for serial in range(1, 4):
        api.registered(resident_number=resident_number(serial=serial), liaison=f"联络{serial}组", hardship=serial > 1)
    first = api("GET", "/cadres?hardship=true&limit=1").json
    second = api("GET", f"/cadres?hardship=true&limit=1&cursor={first['next_cursor']}").json
    assert [cadre["cadre_no"] for cadre in first["items"] + second["items"]] == ["G0002", "G0003"]
    assert second["next_cursor"] is None
    assert [cadre["cadre_no"] for cadre in api("GET", "/cadres?liaison=联络1组").json["items"]] == ["G0001"]
    assert api("GET", "/cadres?name=林晓霞").status_code == 422
    found = api("POST", "/cadres/search", {"name": "林晓霞", "resident_number": resident_number(serial=2)}).json
    assert [cadre["cadre_no"] for cadre in found["items"]] == ["G0002"]


def test_duplicates_are_listed_and_merged(api: Api) -> None:
    first, second = api.registered(), api.registered(resident_number=resident_number(serial=2))
    (group,) = api("GET", "/cadres/duplicates").json["items"]
    assert [cadre["id"] for cadre in group["cadres"]] == [first["id"], second["id"]]
    merged = api("POST", f"/cadres/{second['id']}/merge", {"into": first["id"]}).json
    assert (merged["status"], merged["merged_into"]) == ("merged", first["id"])
    assert api("GET", "/cadres/duplicates").json["items"] == []
    refused = api("POST", f"/cadres/{second['id']}/death", {"deceased_on": "2022-08-09"})
    assert problem(refused)[:2] == (422, "cadre-merged")


def test_milestones_come_in_pages(api: Api) -> None:
    for serial in range(1, 4):
        api.registered(resident_number=resident_number("19520315", serial))
    first = api("GET", "/milestones?year=2022&kind=age-70&limit=2", role="liaison").json
    rest = api("GET", f"/milestones?year=2022&limit=2&cursor={first['next_cursor']}", role="liaison").json
    assert [item["cadre_no"] for item in first["items"] + rest["items"]] == ["G0001", "G0002", "G0003"]
    assert (first["items"][0]["on"], first["items"][0]["title"]) == ("2022-03-15", "70周岁")
    assert api("GET", "/milestones").status_code == 422


def test_a_liaison_s_cadres_are_handed_over(api: Api) -> None:
    for serial in (1, 2):
        api.registered(resident_number=resident_number(serial=serial), liaison="联络1组")
    body = {"from": "联络1组", "to": "联络2组", "on": "2022-06-30"}
    assert api("POST", "/liaisons/reassign", body).json == {"moved": 2}
    assert [(load["liaison"], load["cadres"]) for load in api("GET", "/liaisons").json["items"]] == [("联络2组", 2)]
    assert problem(api("POST", "/liaisons/reassign", body)) == (422, "unknown-liaison", "#/from")


def test_a_stranger_is_not_found(api: Api) -> None:
    assert problem(api("GET", f"/cadres/{registration.cadre_id('G9999')}"))[:2] == (404, "unknown-cadre")
    assert problem(api("POST", f"/cadres/{registration.cadre_id('G9999')}/death", {"deceased_on": "2022-08-09"}))[
        :2
    ] == (404, "unknown-cadre")
