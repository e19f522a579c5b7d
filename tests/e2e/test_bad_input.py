"""Bad input: a clear problem document, the right status, a pointer to the field, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from hongxia import ids
from tests.e2e.bureau import Bureau, token

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXAMPLES = {"integer": "2022", "uuid": ids.new_id(), "string": "something"}

LINE = {
    "year": 2022,
    "line_no": "YS-1",
    "name": "活动经费",
    "expenditure_class": "project",
    "initial": "100.00",
    "approved_on": "2022-01-01",
}
CADRE = {
    "cadre_no": "T0001",
    "name": "试写甲",
    "resident_number": "",
    "sex": "2",
    "political_status": "01",
    "retirement_category": "2",
    "rank": "131",
    "treatment": "122",
    "registered_on": "2015-03-01",
}
SESSION = {
    "session_no": "C-1",
    "title": "第一讲",
    "programme": "college",
    "held_on": "2022-05-10",
    "host": "centre",
}


def post(bureau: Bureau, service: str, path: str, body: Any, **headers: str) -> requests.Response:
    """A POST with all roles, and a key of its own unless one is given."""
    url = f"http://{bureau.addresses[service]}{path}"
    own = {"Authorization": f"Bearer {token('admin')}", "Idempotency-Key": ids.new_id(), **headers}
    return requests.post(url, json=body, headers=own, timeout=30)


def assert_problem(response: requests.Response, status: int, slug: str, pointer: str | None = None) -> None:
    """A problem document of this kind, in Chinese."""
    problem = response.json()
    assert response.status_code == status, problem
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == f"urn:hongxia:problem:{slug}", problem
    assert problem["status"] == status
    assert any("\u4e00" <= character <= "\u9fff" for character in problem["detail"])
    if pointer:
        assert pointer in [error.get("pointer") for error in problem["errors"]], problem


@pytest.fixture(scope="module")
def resident_number() -> Callable[[int], str]:
    """Resident numbers with a right checksum, of nobody: their region does not exist."""

    def number(serial: int) -> str:
        first = f"99010119400101{serial:03d}"
        weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, weights, strict=True)) % 11]

    return number


@pytest.fixture(scope="module")
def cadres(bureau: Bureau, resident_number: Callable[[int], str]) -> dict[str, str]:
    """A living cadre and one who died on 1 June 2022, known to all services."""
    ids = {}
    labels = (("unit", "区某局"), ("street", "某街道"))
    codes = {name: post(bureau, "registry", f"/{name}s", {"label": label}).json()["code"] for name, label in labels}
    for name, serial in (("living", 2), ("deceased", 4)):
        own = {"name": f"试写{serial}", "cadre_no": f"T{serial}", "resident_number": resident_number(serial)}
        body = {**CADRE, **codes, **own}
        response = post(bureau, "registry", "/cadres", body)
        assert response.status_code == 201, response.text
        ids[name] = response.json()["id"]
    died = post(bureau, "registry", f"/cadres/{ids['deceased']}/death", {"deceased_on": "2022-06-01"})
    assert died.ok, died.text
    bureau.wait_level()
    return ids


@pytest.fixture(scope="module")
def line(bureau: Bureau) -> str:
    """A budget line of a hundred yuan."""
    response = post(bureau, "finance", "/budget-lines", LINE)
    assert response.status_code == 201, response.text
    identifier: str = response.json()["id"]
    return identifier


def voucher(line: str, **changes: Any) -> dict[str, Any]:
    """A voucher that is right but for the changes."""
    return {"line_id": line, "voucher_no": "PZ-1", "amount": "1.00", "spent_on": "2022-02-01", **changes}


@pytest.mark.parametrize(
    ("changes", "slug", "pointer"),
    [
        ({"colour": "red"}, "invalid", "#/colour"),
        ({"amount": ["1"]}, "invalid", "#/amount"),
        ({"amount": "-1.00"}, "invalid", "#/amount"),
        ({"amount": "1.005"}, "invalid", "#/amount"),
        ({"amount": 1.005}, "invalid", "#/amount"),
        ({"spent_on": "2022-02-30"}, "invalid", "#/spent_on"),
        ({"spent_on": 20220201}, "invalid", "#/spent_on"),
        ({"spent_on": "2021-12-31"}, "date-outside-year", "#/spent_on"),
        ({"spent_on": "2099-01-01"}, "date-outside-year", "#/spent_on"),
        ({"amount": "100.01"}, "over-balance", "#/amount"),
    ],
)
def test_a_voucher_that_is_wrong_is_refused(
    bureau: Bureau, line: str, changes: dict[str, Any], slug: str, pointer: str
) -> None:
    before = bureau.settled_head("finance")
    assert_problem(post(bureau, "finance", "/expenditures", voucher(line, **changes)), 422, slug, pointer)
    assert bureau.settled_head("finance") == before


def visit(cadre_id: str, **changes: Any) -> dict[str, Any]:
    """A visit that is right but for the changes."""
    right = {
        "cadre_id": cadre_id,
        "visited_on": "2022-07-01",
        "form": "home",
        "category": "routine",
        "occasion": "routine",
        "five_must": False,
        "people": 1,
    }
    return {**right, **changes}


@pytest.mark.parametrize(
    ("who", "changes", "slug"),
    [
        ("unknown", {}, "unknown-cadre"),
        ("deceased", {}, "cadre-deceased"),
        ("living", {"visited_on": "2099-01-01"}, "date-in-future"),
    ],
)
def test_a_visit_to_nobody_to_the_dead_or_in_the_future_is_refused(
    bureau: Bureau, cadres: dict[str, str], who: str, changes: dict[str, Any], slug: str
) -> None:
    before = bureau.settled_head("outreach")
    cadre_id = cadres.get(who, "00000000-0000-4000-8000-000000000000")
    response = post(bureau, "outreach", "/visits", visit(cadre_id, **changes))
    assert_problem(response, 422, slug)
    assert bureau.settled_head("outreach") == before


def test_a_visit_without_a_key_is_refused(bureau: Bureau, cadres: dict[str, str]) -> None:
    before = bureau.settled_head("outreach")
    url = f"http://{bureau.addresses['outreach']}/visits"
    headers = {"Authorization": f"Bearer {token('liaison')}"}
    response = requests.post(url, json=visit(cadres["living"]), headers=headers, timeout=30)
    assert_problem(response, 428, "idempotency-key-required")
    assert bureau.settled_head("outreach") == before


def test_a_visit_of_nobody_and_of_a_wrong_type_is_told_field_by_field(bureau: Bureau, cadres: dict[str, str]) -> None:
    body = visit(cadres["living"], people="three", form="by air", shoes=2)
    response = post(bureau, "outreach", "/visits", body)
    for pointer in ("#/people", "#/form", "#/shoes"):
        assert_problem(response, 422, "invalid", pointer)


def test_an_attendance_before_the_session_is_refused(bureau: Bureau, cadres: dict[str, str]) -> None:
    created = post(bureau, "activities", "/sessions", SESSION)
    assert created.status_code == 201, created.text
    session_id = created.json()["id"]
    if created.json()["state"] == "scheduled":
        assert post(bureau, "activities", f"/sessions/{session_id}/hold", {}).ok
    body = {"cadre_id": cadres["living"], "attended_on": "2022-05-09"}
    response = post(bureau, "activities", f"/sessions/{session_id}/attendances", body)
    assert_problem(response, 422, "attendance-before-session", "#/attended_on")


def test_a_duplicate_resident_number_is_refused_and_never_repeated(
    bureau: Bureau, cadres: dict[str, str], resident_number: Callable[[int], str]
) -> None:
    number = resident_number(2)
    known = bureau.client.get("registry", f"/cadres/{cadres['living']}")
    own = {"cadre_no": "T9", "resident_number": number, "unit": known["unit"], "street": known["street"]}
    response = post(bureau, "registry", "/cadres", {**CADRE, **own})
    assert response.status_code == 409
    assert "#/resident_number" in [error.get("pointer") for error in response.json()["errors"]]
    assert number not in response.text


@pytest.mark.parametrize(
    ("content", "slug"),
    [(b"not a workbook", "not-a-workbook"), (b"PK\x03\x04broken", "not-a-workbook"), (b"", "not-a-workbook")],
)
def test_a_file_that_is_no_workbook_is_refused(bureau: Bureau, content: bytes, slug: str) -> None:
    url = f"http://{bureau.addresses['registry']}/workbooks/cadres"
    headers = {"Authorization": f"Bearer {token('records')}", "Content-Type": XLSX}
    assert_problem(requests.post(url, data=content, headers=headers, timeout=30), 422, slug)


def test_an_upload_of_100_mb_is_refused_before_it_is_read(bureau: Bureau, tmp_path: Path) -> None:
    big = tmp_path / "big.xlsx"
    with big.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    url = f"http://{bureau.addresses['registry']}/workbooks/cadres"
    headers = {"Authorization": f"Bearer {token('records')}", "Content-Type": XLSX}
    with big.open("rb") as file:
        assert_problem(requests.post(url, data=file, headers=headers, timeout=60), 413, "too-large")


def filled_in(path: str, operation: dict[str, Any]) -> str:
    """An address with a value for each parameter in it."""
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            schema = parameter["schema"]
            example = EXAMPLES[schema.get("format", schema["type"])]
            path = path.replace(f"{{{parameter['name']}}}", example)
    return path


def test_without_a_token_only_health_metrics_public_keys_and_openapi_answer(bureau: Bureau) -> None:
    for name, address in bureau.addresses.items():
        document = requests.get(f"http://{address}/openapi.json", timeout=30).json()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                url = f"http://{address}{filled_in(path, operation)}"
                status = requests.request(method, url, timeout=30).status_code
                public = path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/keys")
                expected = 415 if path == "/login" else 200 if public else 401  # a log-in brings a code, not a token
                assert status == expected, (name, method, path)


def test_a_token_without_the_role_is_refused(bureau: Bureau) -> None:
    url = f"http://{bureau.addresses['finance']}/budget-lines"
    headers = {"Authorization": f"Bearer {token('liaison')}"}
    assert_problem(requests.post(url, json=LINE, headers=headers, timeout=30), 403, "forbidden")


def test_a_forged_or_unsigned_token_is_refused(bureau: Bureau) -> None:
    import jwt

    claims = {"iss": "hongxia", "sub": "x", "roles": ["admin"], "exp": 4_000_000_000}
    for forged in (jwt.encode(claims, "another-secret-another-secret-abc"), jwt.encode(claims, "", algorithm="none")):
        url = f"http://{bureau.addresses['finance']}/budget-lines"
        response = requests.get(url, headers={"Authorization": f"Bearer {forged}"}, timeout=30)
        assert_problem(response, 401, "unauthorized")


def test_the_same_key_gets_the_same_answer_and_another_body_is_refused(bureau: Bureau, line: str) -> None:
    body = voucher(line, voucher_no="PZ-K")
    headers = {"Idempotency-Key": "voucher-k"}
    first = post(bureau, "finance", "/expenditures", body, **headers)
    again = post(bureau, "finance", "/expenditures", body, **headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = post(bureau, "finance", "/expenditures", {**body, "amount": "2.00"}, **headers)
    assert_problem(other, 422, "idempotency-key-reused")


def test_an_update_needs_the_version_that_was_read(bureau: Bureau, line: str) -> None:
    url = f"http://{bureau.addresses['finance']}/budget-lines/{line}"
    headers = {"Authorization": f"Bearer {token('accountant')}"}
    etag = requests.get(url, headers=headers, timeout=30).headers["ETag"]
    change = {"name": "活动与学习经费"}
    assert_problem(requests.patch(url, json=change, headers=headers, timeout=30), 428, "version-required")
    first = requests.patch(url, json=change, headers={**headers, "If-Match": etag}, timeout=30)
    assert first.ok, first.text
    second = requests.patch(url, json=change, headers={**headers, "If-Match": etag}, timeout=30)
    assert_problem(second, 412, "version-changed")
