"""Somebody without a token wants the gateway to send others astray, or to keep and show what it should not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hongxia.http.guards import GUARDS
from hongxia.http.problems import CONTENT_TYPE
from tests.attacks.deployed_gateway import Caller, ask_from, open_gateway
from tests.e2e.bureau import token
from tests.servers import Gateway, wait_until

SERVICES = ("registry", "outreach", "activities", "finance", "reporting")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with open_gateway(tmp_path_factory.mktemp("gateway"), "reporting") as gateway:
        yield gateway


def parted(answer: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of an answer as it came."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), [(name.lower(), value) for name, _, value in (x.partition(": ") for x in lines)], body


def send(gateway: Gateway, request: str, *, tls: bool = True) -> tuple[int, list[tuple[str, str]], bytes]:
    caller = Caller(gateway, tls=tls)
    caller.send(request)
    answer = caller.answer()
    caller.close()
    return parted(answer)


def get(gateway: Gateway, path: str, head: str = "Host: localhost\r\n") -> tuple[int, list[tuple[str, str]], bytes]:
    return send(gateway, f"GET {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "head",
    ["Host: evil.example\r\n", "Host: evil.example:99\r\n", "Host: localhost\r\nX-Forwarded-Host: evil.example\r\n"],
)
def test_a_redirect_leads_to_this_address_whatever_the_caller_calls_it(
    gateway: Gateway, service: str, head: str
) -> None:
    status, headers, _ = get(gateway, f"/{service}", head)
    assert (status, dict(headers)["location"]) == (308, f"/{service}/")


@pytest.mark.parametrize(
    "path", ["/registry%0a", "/registry%0d%0aSet-Cookie:%20a=b", "/finance%0A%0A", "/reporting%00"]
)
def test_a_line_feed_in_the_address_gets_into_no_header(gateway: Gateway, path: str) -> None:
    status, headers, _ = get(gateway, path)
    assert status in {400, 404, 502}
    assert not {"location", "set-cookie"} & {name for name, _ in headers}


def test_a_foreign_host_reaches_no_service(gateway: Gateway) -> None:
    status, _, body = get(gateway, "/reporting/nothing", "Host: evil.example\r\n")
    assert (status, b"evil" in body) == (404, False)


BAD = {
    "no HTTP": "nonsense\r\n\r\n",
    "no Host": "GET / HTTP/1.1\r\n\r\n",
    "two Hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a Host that is none": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a negative length": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "length and chunks": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a way of transfer that is none": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zipped\r\n\r\n",
    "a method that shows itself": "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version that is none": "GET / HTTP/7.7\r\nHost: a\r\n\r\n",
    "an address too long": f"GET /{'a' * 9000} HTTP/1.1\r\nHost: a\r\n\r\n",
    "a header too large": f"GET / HTTP/1.1\r\nHost: a\r\nX-Large: {'a' * 9000}\r\n\r\n",
    # Just too many: what the gateway leaves unread when it hangs up resets the connection, and with it the answer.
    "too many headers": "GET / HTTP/1.1\r\nHost: a\r\n"
    + f"X-Large: {'a' * 7000}\r\n" * 4
    + f"X-Last: {'a' * 3000}\r\n\r\n",
    "a body too large": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n",
    "a workbook too large": "POST /registry/workbooks/x HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n",
    "a large body without a token": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n",
    "a service that is away": "GET /registry/cadres HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "metrics": "GET /reporting/metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "the problems themselves": "GET /problems/502.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "the check of tokens": "GET /check-token HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("request_", BAD.values(), ids=BAD.keys())
def test_every_error_of_the_gateway_is_a_problem_document_that_nobody_keeps(gateway: Gateway, request_: str) -> None:
    status, headers, body = send(gateway, request_)
    named = dict(headers)
    document = json.loads(body)
    assert 400 <= status < 600
    assert named["content-type"] == CONTENT_TYPE
    assert document.keys() >= {"type", "title", "status", "detail"}
    assert document["status"] == status
    assert any("\u4e00" <= letter <= "\u9fff" for letter in document["detail"])
    guarded(headers)


def guarded(headers: list[tuple[str, str]]) -> None:
    """Each guard is there, once, and so is HSTS."""
    names = [name for name, _ in headers]
    for name in (*GUARDS, "Strict-Transport-Security"):
        assert names.count(name.lower()) == 1, (name, names)


def test_who_speaks_no_tls_is_told_to(gateway: Gateway) -> None:
    status, headers, body = send(gateway, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", tls=False)
    assert (status, json.loads(body)["type"]) == (400, "urn:hongxia:problem:tls-required")
    guarded(headers)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/reporting/years", 200),
        ("/reporting/nothing", 404),
        ("/reporting/static/dashboard.css", 200),
        ("/reporting/healthz", 200),
        ("/reporting", 308),
        ("/registry", 308),
    ],
)
def test_every_answer_bears_the_guards_once(gateway: Gateway, path: str, status: int) -> None:
    found, answer = ask_from(gateway, "127.0.0.1", path, head=f"Authorization: Bearer {token('office')}\r\n")
    assert found == status
    guarded(parted(answer)[1])


def test_the_page_keeps_the_policy_of_its_own(gateway: Gateway) -> None:
    _, answer = ask_from(gateway, "127.0.0.1", "/", head=f"Authorization: Bearer {token('office')}\r\n")
    assert "script-src 'self'" in dict(parted(answer)[1])["content-security-policy"]


def test_the_cookie_of_the_browser_is_bound_to_this_host(gateway: Gateway) -> None:
    answer = gateway.ask("POST", "/session", headers={"Authorization": f"Bearer {token('office')}"})
    assert answer.headers["Set-Cookie"].startswith("__Host-")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_a_query_gets_into_no_log(gateway: Gateway) -> None:
    """Neither where it is answered nor where the service is away, the request malformed or too long."""
    for number, path in enumerate(("/reporting/years", "/registry/cadres", "/metrics", f"/{'a' * 9000}", "/ /")):
        get(
            gateway,
            f"{path}?name=planted{number}&resident_number=planted",
            "Referer: https://x/?planted\r\nHost: a\r\n",
        )
    get(gateway, "/reporting/last-of-all?planted")
    wait_until(lambda: "last-of-all" in gateway.output(), 10, "the last request is logged")
    assert "planted" not in gateway.output()
    assert '"path":"/registry/cadres"' in gateway.output()
