"""The registry's API: who may do what, who sees a resident number, versions, pages, problem documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hongxia.runtime.http import routes_of
from hongxia.runtime.service import Service
from services.registry.app import RegistryService
from services.registry.cadres import rules
from tests.unit.away_builders import away
from tests.unit.registry_builders import (
    LIAISON_CODE,
    NEW,
    OTHER_LIAISON,
    OTHER_STREET,
    OTHER_UNIT,
    Api,
    problem,
    resident_number,
)


@pytest.fixture
def api() -> Iterator[Api]:
    """The API of a registry without cadres."""
    opened = Api()
    yield opened
    opened.close()


STRANGER = rules.cadre_id("G9999")


def test_a_registration_answers_with_the_record_its_address_and_its_version(api: Api) -> None:
    response = api("POST", "/cadres", NEW)
    assert response.status_code == 201
    assert response.headers["Location"] == f"cadres/{response.json['id']}"
    assert (response.headers["ETag"], response.json["cadre_no"]) == ('"1"', "G0001")
    assert (response.json["state"], response.json["unit_label"]) == ("living", "区教育局")
    assert (response.json["street_label"], response.json["liaison"]) == ("石桥街道", None)


def test_only_who_keeps_the_register_sees_a_resident_number(api: Api) -> None:
    path = f"/cadres/{api.registered()['id']}"
    for role, seen in (("records", True), ("admin", True), ("liaison", False), ("office", False)):
        for asked in (path, "/cadres"):
            text = api("GET", asked, role=role).get_data(as_text=True)
            assert (resident_number() in text) is seen


WRITING = [route for route in routes_of(RegistryService) if route.roles == ("records",)]


@pytest.mark.parametrize("role", ["liaison", "office", "operator", "accountant", "subscriber"])
@pytest.mark.parametrize("route", WRITING, ids=lambda route: f"{route.method} {route.url}")
def test_nobody_else_writes_or_searches_by_name(api: Api, route: Any, role: str) -> None:
    url = route.url.replace("<uuid:record_id>", STRANGER)
    assert api(route.method, url, {}, role=role, If_Match='"1"').status_code == 403


@pytest.mark.parametrize(
    "path", ["/cadres", "/changes", "/transfers", "/milestones?year=2022", "/units", "/contradictions"]
)
def test_liaisons_and_the_office_read(api: Api, path: str) -> None:
    assert [api("GET", path, role=role).status_code for role in ("liaison", "office", "accountant")] == [200, 200, 403]


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"telephone": "1"}, "#/telephone"),
        ({"name": " "}, "#/name"),
        ({"name": "林\u200b晓霞"}, "#/name"),
        ({"name": "长" * 51}, "#/name"),
        ({"sex": "3"}, "#/sex"),
        ({"rank": "县处级副职"}, "#/rank"),
        ({"registered_on": "2012-02-30"}, "#/registered_on"),
        ({"hardship": "true"}, "#/hardship"),
        ({"hardship": None}, "#/hardship"),
        ({"resident_number": 990101195003010014}, "#/resident_number"),
        ({"resident_number": "990101195003010015"}, "#/resident_number"),
        ({"deceased_on": "2022-02-30"}, "#/deceased_on"),
        ({"birth_date": "1950-03-01"}, "#/birth_date"),
        ({"unit_label": "区教育局"}, "#/unit_label"),
    ],
)
def test_what_is_no_registration_is_refused_field_by_field(api: Api, different: dict[str, Any], pointer: str) -> None:
    response = api("POST", "/cadres", {**NEW, **different})
    assert problem(response) == (422, "invalid", pointer)
    assert resident_number() not in response.get_data(as_text=True)
    assert api("GET", "/cadres").json["items"] == []


def test_a_label_in_the_place_of_a_code_is_refused_with_what_to_do(api: Api) -> None:
    response = api("POST", "/cadres", {**NEW, "unit": "区教育局"})
    assert problem(response) == (422, "unknown-unit", "#/unit")


def test_a_taken_resident_number_is_a_conflict(api: Api) -> None:
    first = api.registered()
    response = api("POST", "/cadres", {**NEW, "resident_number": f" {resident_number()} "})
    assert problem(response) == (409, "resident-number-taken", "#/resident_number")
    assert response.json["existing"] == first["id"]
    assert resident_number() not in response.get_data(as_text=True)


def test_a_cadre_number_is_the_same_in_full_width(api: Api) -> None:
    api.registered(cadre_no="G0007")
    response = api("POST", "/cadres", {**NEW, "cadre_no": "Ｇ０００７", "resident_number": resident_number(serial=2)})
    assert problem(response) == (409, "cadre-no-taken", "#/cadre_no")


def test_an_amendment_needs_the_version_that_was_read(api: Api) -> None:
    path = f"/cadres/{api.registered()['id']}"
    change = {"street": OTHER_STREET}
    assert problem(api("PATCH", path, change))[0] == 428
    assert api("PATCH", path, change, If_Match='"1"').headers["ETag"] == '"2"'
    assert problem(api("PATCH", path, change, If_Match='"1"'))[0] == 412
    assert problem(api("PATCH", path, {"reason": "other"}, If_Match='"2"')) == (422, "nothing-to-change", None)
    for name in ("deceased_on", "cadre_no", "birth_date"):
        assert problem(api("PATCH", path, {name: "2022-01-01"}, If_Match='"2"')) == (422, "invalid", f"#/{name}")
    amended = api("PATCH", path, {"treatment": "131", "reason": "late-information"}, If_Match='"2"').json
    assert (amended["treatment"], amended["version"]) == ("131", 3)


def test_a_cadre_is_answered_with_the_whole_history(api: Api) -> None:
    path = f"/cadres/{api.registered(treatment_document_no='组〔2012〕1号')['id']}"
    document = {"on": "2022-06-01", "document_no": "组〔2022〕5号"}
    api.must(f"{path}/treatment", {"treatment": "131", **document})
    api.must(f"{path}/rank", {"rank": "131", **document})
    api.must(f"{path}/medical-treatment", {"medical_treatment": "121", **document})
    api.must(f"{path}/reimbursement", {"reimbursement": "full", **document})
    api.must(f"{path}/liaison", {"liaison": LIAISON_CODE, "on": "2022-06-01"})
    api.must(f"{path}/unit", {"unit": OTHER_UNIT, "on": "2022-06-01"})
    api.must(f"{path}/street", {"street": OTHER_STREET, "on": "2022-06-01"})
    api.must(f"{path}/care", {"living_alone": True, "on": "2022-06-01"})
    cadre = api("GET", path).json
    assert (cadre["version"], cadre["treatment"], cadre["rank"], cadre["liaison_label"]) == (
        9,
        "131",
        "131",
        "联络一组",
    )
    assert (cadre["medical_treatment"], cadre["reimbursement"], cadre["living_alone"]) == ("121", "full", True)
    care = cadre["history"][-1]
    api.must(f"/changes/{care['id']}/void", {"reason": "entered-in-error"})
    assert api("GET", path).json["living_alone"] is False
    found = [(entry["aspect"], entry["value"], entry["document_no"]) for entry in cadre["history"]]
    assert found[:4] == [
        ("rank", "132", None),
        ("street", NEW["street"], None),
        ("treatment", "132", "组〔2012〕1号"),
        ("unit", NEW["unit"], None),
    ]
    assert found[4:6] == [("treatment", "131", "组〔2022〕5号"), ("rank", "131", "组〔2022〕5号")]
    kinds = [event["type"].split(".")[3] for event in api.events()]
    assert kinds == [
        *("registered", "treatment-changed", "rank-changed", "medical-changed", "medical-changed"),
        *("liaison-assigned", "unit-changed", "moved", "care-changed", "amended"),
    ]


@pytest.mark.parametrize("word", ["rank", "treatment", "medical-treatment", "reimbursement"])
def test_rank_and_treatment_change_by_a_document(api: Api, word: str) -> None:
    path = f"/cadres/{api.registered()['id']}/{word}"
    value = "full" if word == "reimbursement" else "121"
    response = api("POST", path, {word.replace("-", "_"): value, "on": "2022-06-01"})
    assert problem(response) == (422, "invalid", "#/document_no")


def test_a_change_is_listed_corrected_and_withdrawn_by_its_own_address(api: Api) -> None:
    cadre = api.registered()
    api.must(f"/cadres/{cadre['id']}/street", {"street": OTHER_STREET, "on": "2022-06-01"})
    (first, change) = api("GET", f"/changes?cadre_id={cadre['id']}&aspect=street").json["items"]
    path = f"/changes/{change['id']}"
    amended = api("PATCH", path, {"from_on": "2022-05-01"}, If_Match='"1"')
    assert (amended.status_code, amended.json["from_on"], amended.headers["ETag"]) == (200, "2022-05-01", '"2"')
    assert problem(api("PATCH", path, {"from_on": "2012-04-30"}, If_Match='"2"')) == (
        422,
        "before-registration",
        "#/from_on",
    )
    assert problem(api("POST", f"/changes/{first['id']}/void", {"reason": "other"}))[:2] == (422, "first-change")
    assert api.must(f"{path}/void", {"reason": "other"})["state"] == "voided"
    assert api("GET", path).json["void_reason"] == "other"
    assert api("GET", f"/cadres/{cadre['id']}").json["street"] == NEW["street"]


def test_the_list_is_filtered_and_paged_and_takes_no_name(api: Api) -> None:
    for serial in range(1, 4):
        liaison = LIAISON_CODE if serial == 1 else None
        api.registered(resident_number=resident_number(serial=serial), liaison=liaison, hardship=serial > 1)
    first = api("GET", "/cadres?hardship=true&limit=1").json
    second = api("GET", f"/cadres?hardship=true&limit=1&cursor={first['next_cursor']}").json
    assert [cadre["cadre_no"] for cadre in first["items"] + second["items"]] == ["G0002", "G0003"]
    assert second["next_cursor"] is None
    assert [cadre["cadre_no"] for cadre in api("GET", f"/cadres?liaison={LIAISON_CODE}").json["items"]] == ["G0001"]
    assert [cadre["cadre_no"] for cadre in api("GET", "/cadres?hardship=false").json["items"]] == ["G0001"]
    assert api("GET", "/cadres?name=林晓霞").status_code == 422
    found = api("POST", "/cadres/search", {"name": "林晓霞", "resident_number": resident_number(serial=2)}).json
    assert [cadre["cadre_no"] for cadre in found["items"]] == ["G0002"]


def test_a_death_goes_through_its_routes(api: Api) -> None:
    path = f"/cadres/{api.registered()['id']}/death"
    assert api.must(path, {"deceased_on": "2022-08-09"})["state"] == "deceased"
    assert problem(api("POST", path, {"deceased_on": "2022-08-09"})) == (409, "already-deceased", "#/deceased_on")
    assert api.must(f"{path}/correct", {"deceased_on": "2022-08-10"})["deceased_on"] == "2022-08-10"
    assert api.must(f"{path}/withdraw", {"reason": "wrong-subject"})["state"] == "living"
    assert problem(api("POST", f"{path}/withdraw", {"reason": "other"}))[:2] == (409, "not-deceased")


def test_a_transfer_goes_through_its_routes(api: Api) -> None:
    path = f"/cadres/{api.registered()['id']}"
    left = api.must(f"{path}/leave", {"left_on": "2022-03-01", "destination": "某区老干部局"})
    assert (left["state"], api("GET", path).json["away"]) == ("away", away("2022-03-01"))
    assert api.must(f"{path}/return", {"returned_on": "2022-09-01"})["state"] == "returned"
    address = f"/transfers/{left['id']}"
    assert api("PATCH", address, {"left_on": "2022-04-01"}, If_Match='"2"').json["left_on"] == "2022-04-01"
    card = api("GET", path).json
    assert card["away"] == away("2022-04-01", "2022-09-01")
    assert [transfer["destination"] for transfer in card["transfers"]] == ["某区老干部局"]
    assert api.must(f"{address}/void", {"reason": "entered-in-error"})["state"] == "voided"
    assert api("GET", path).json["away"] == []
    assert [(e["type"].split(".")[3], e["data"].get("direction")) for e in api.events()[1:]] == [
        ("transferred", "out"),
        ("transferred", "in"),
        ("amended", None),
        ("amended", None),
    ]


def test_duplicates_are_listed_with_what_differs_in_pages_and_merged(api: Api) -> None:
    first = api.registered()
    second = api.registered(resident_number=resident_number(serial=50), street=OTHER_STREET)
    api.registered(name="林晓云", resident_number=resident_number(serial=70))
    page = api("GET", "/cadres/duplicates?limit=1").json
    (pair,) = page["items"]
    assert [cadre["id"] for cadre in pair["cadres"]] == [first["id"], second["id"]]
    assert pair["resemblance"].startswith("姓名和出生日期相同")
    assert pair["differing"] == ["resident_number", "street"]
    rest = api("GET", f"/cadres/duplicates?limit=10&cursor={page['next_cursor']}").json
    assert [each["resemblance"][:14] for each in rest["items"]] == ["出生日期相同，姓名相差一个字"] * 2
    merged = api.must(f"/cadres/{second['id']}/merge", {"into": first["id"]})
    assert (merged["state"], merged["merged_into"], merged["survivor"]) == ("merged", first["id"], first["id"])
    assert len(api("GET", "/cadres/duplicates").json["items"]) == 1
    undone = api.must(f"/cadres/{second['id']}/undo-merge")
    assert (undone["state"], undone["merged_into"], undone["survivor"]) == ("living", None, None)


def test_a_merge_into_nobody_is_refused(api: Api) -> None:
    path = f"/cadres/{api.registered()['id']}/merge"
    assert problem(api("POST", path, {"into": STRANGER})) == (422, "unknown-cadre", "#/into")


def test_milestones_come_in_pages(api: Api) -> None:
    for serial in range(1, 4):
        api.registered(resident_number=resident_number("19520315", serial))
    first = api("GET", "/milestones?year=2022&kind=age-70&limit=2", role="liaison").json
    rest = api("GET", f"/milestones?year=2022&limit=2&cursor={first['next_cursor']}", role="liaison").json
    assert [item["cadre_no"] for item in first["items"] + rest["items"]] == ["G0001", "G0002", "G0003"]
    assert (first["items"][0]["on"], first["items"][0]["title"]) == ("2022-03-15", "70周岁")
    assert first["items"][0]["street_label"] == "石桥街道"
    assert api("GET", f"/milestones?year=2022&liaison={LIAISON_CODE}").json["items"] == []
    assert api("GET", "/milestones").status_code == 422


def test_a_liaison_s_cadres_are_handed_over(api: Api) -> None:
    for serial in (1, 2):
        api.registered(resident_number=resident_number(serial=serial), liaison=LIAISON_CODE)
    body = {"from": LIAISON_CODE, "to": OTHER_LIAISON, "on": "2022-06-30"}
    assert api.must("/liaisons/reassign", body) == {"moved": 2}
    loads = api("GET", "/liaison-loads", role="liaison").json["items"]
    assert [(load["liaison_label"], load["cadres"]) for load in loads] == [("联络二组", 2)]
    assert problem(api("POST", "/liaisons/reassign", body)) == (422, "unknown-liaison", "#/from")


def test_the_lists_are_kept_by_who_keeps_the_register(api: Api) -> None:
    unit = api.must("/units", {"label": " 区档案馆 "})
    assert (unit["label"], unit["state"]) == ("区档案馆", "listed")
    assert problem(api("POST", "/units", {"label": "区档案馆"})) == (409, "unit-exists", "#/label")
    renamed = api("PATCH", f"/units/{unit['id']}", {"label": "区档案局"}, If_Match='"1"').json
    assert (renamed["label"], renamed["code"]) == ("区档案局", unit["code"])
    response = api("POST", "/units", {"label": "区档案馆"})
    assert problem(response) == (409, "unit-exists", "#/label")
    assert "区档案局" in response.json["detail"]
    api.must(f"/units/{unit['id']}/retire")
    assert problem(api("POST", "/cadres", {**NEW, "unit": unit["code"]})) == (422, "unknown-unit", "#/unit")
    api.must(f"/units/{unit['id']}/relist")
    api.registered(unit=unit["code"])
    assert api("POST", "/units", {"label": "区某局"}, role="liaison").status_code == 403


def test_a_stranger_is_not_found(api: Api) -> None:
    assert problem(api("GET", f"/cadres/{STRANGER}"))[:2] == (404, "unknown-cadre")
    response = api("POST", f"/cadres/{STRANGER}/death", {"deceased_on": "2022-08-09"})
    assert problem(response)[:2] == (404, "unknown-cadre")
    assert problem(api("GET", f"/changes/{STRANGER}"))[:2] == (404, "unknown-change")


def test_no_address_holds_a_number_that_needs_a_bound() -> None:
    assert [route.url for route in routes_of(RegistryService) if "<int" in route.url] == []


def test_contradictions_are_listed_and_explained(api: Api) -> None:
    path = f"/cadres/{api.registered()['id']}"
    api.must(f"{path}/street", {"street": OTHER_STREET, "on": "2022-08-20"})
    api.must(f"{path}/death", {"deceased_on": "2022-08-09"})
    (found,) = api("GET", "/contradictions?kind=change-after-death", role="office").json["items"]
    assert (found["record"], found["on"], found["state"]) == ("changes", "2022-08-20", "open")
    explained = api.must(f"/contradictions/{found['id']}/explain", {"explanation": "遗属搬家"})
    assert (explained["state"], explained["explanation"]) == ("explained", "遗属搬家")
    assert "遗属搬家" not in str(api.events())


def test_every_route_that_writes_leads_to_an_event(api: Api) -> None:
    first = api.registered(liaison=LIAISON_CODE)["id"]
    second = api.registered(resident_number=resident_number(serial=2))["id"]
    document = {"on": "2022-06-01", "document_no": "组〔2022〕5号"}
    lists = {url: api.must(f"/{url}", {"label": f"新{url}"})["id"] for url in ("units", "streets", "liaisons")}
    done = {f"POST /{url}" for url in lists} | {"POST /cadres", "POST /cadres/search"}

    def send(method: str, url: str, record_id: str, body: Any = None) -> dict[str, Any]:
        before = len(api.events())
        response = api(method, url.replace("<uuid:record_id>", record_id), body, If_Match="*")
        assert response.status_code < 300, response.get_data(as_text=True)
        assert len(api.events()) > before, url
        done.add(f"{method} {url}")
        found: dict[str, Any] = response.json
        return found

    one = "/cadres/<uuid:record_id>"
    send("PATCH", one, first, {"name": "林晓云"})
    for word, value in (("rank", "131"), ("treatment", "131"), ("medical-treatment", "131"), ("reimbursement", "full")):
        send("POST", f"{one}/{word}", first, {word.replace("-", "_"): value, **document})
    for word, value in (("unit", OTHER_UNIT), ("street", OTHER_STREET), ("liaison", OTHER_LIAISON)):
        send("POST", f"{one}/{word}", first, {word: value, "on": "2022-08-20"})
    send("POST", f"{one}/care", first, {"hardship": True, "on": "2022-06-01"})
    send("POST", "/liaisons/reassign", "", {"from": OTHER_LIAISON, "to": LIAISON_CODE, "on": "2022-09-01"})
    change = api("GET", f"/changes?cadre_id={first}&aspect=rank").json["items"][-1]["id"]
    send("PATCH", "/changes/<uuid:record_id>", change, {"from_on": "2022-05-01"})
    send("POST", "/changes/<uuid:record_id>/void", change, {"reason": "other"})
    send("POST", f"{one}/death", first, {"deceased_on": "2022-08-09"})
    found = api("GET", "/contradictions").json["items"][0]["id"]
    send("POST", "/contradictions/<uuid:record_id>/explain", found, {"explanation": "已核对"})
    send("POST", f"{one}/death/correct", first, {"deceased_on": "2022-08-08"})
    send("POST", f"{one}/death/withdraw", first, {"reason": "other"})
    transfer = send("POST", f"{one}/leave", first, {"left_on": "2022-11-01", "destination": "某区"})["id"]
    send("POST", f"{one}/return", first, {"returned_on": "2022-12-01"})
    send("PATCH", "/transfers/<uuid:record_id>", transfer, {"destination": "某市"})
    send("POST", "/transfers/<uuid:record_id>/void", transfer, {"reason": "other"})
    send("POST", f"{one}/merge", second, {"into": first})
    send("POST", f"{one}/undo-merge", second)
    for url, entry in lists.items():
        send("PATCH", f"/{url}/<uuid:record_id>", entry, {"label": f"改{url}"})
        send("POST", f"/{url}/<uuid:record_id>/retire", entry)
        send("POST", f"/{url}/<uuid:record_id>/relist", entry)
    own = {f"{route.method} {route.url}" for route in api.methods if route.method != "GET"}
    platform = {f"{route.method} {route.url}" for route in routes_of(Service) if route.method != "GET"}
    assert own - platform == done
