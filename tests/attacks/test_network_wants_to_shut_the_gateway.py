"""One machine without a token wants nobody else to get through."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from time import monotonic

import pytest

from tests.attacks.deployed_gateway import ELSEWHERE, Caller, ask_from, open_gateway
from tests.e2e.bureau import token
from tests.servers import Gateway, wait_until
from tests.servers.nginx import DEPLOYED

HALF_REQUESTS = 1021
MOST_CONNECTIONS = 256
SECONDS = 20
"""How long a connection may be held at most where the tests' gateway gives two seconds; a bound, not a figure."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with open_gateway(tmp_path_factory.mktemp("gateway"), "registry") as gateway:
        yield gateway


@pytest.fixture(autouse=True, scope="module")
def _files() -> Iterator[None]:
    """The attacker needs a file for each connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard) if hard > 0 else 4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def upload(authorization: str = "", *, length: int = 20_000_000, sent: int = 0) -> bytes:
    """A workbook of which all but one byte is promised and little is sent."""
    head = (
        "POST /registry/workbooks/cadres HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n{authorization}\r\n"
    )
    return head.encode() + b"\0" * sent


def test_half_requests_of_one_address_leave_room_for_another(gateway: Gateway) -> None:
    with ExitStack() as stack:

        def begin(_number: int) -> bool:
            try:
                caller = Caller(gateway, tls=False)
                stack.callback(caller.close)
                caller.send(b"\x16")  # the first byte of a TLS handshake
            except OSError:
                return False
            return True

        with ThreadPoolExecutor(16) as pool:
            assert any(pool.map(begin, range(HALF_REQUESTS)))
        assert ask_from(gateway, ELSEWHERE, "/registry/healthz")[0] == 200
    wait_until(
        lambda: _answers(gateway), SECONDS, "the attacker's own address is let in again once its connections are gone"
    )


def _answers(gateway: Gateway) -> bool:
    with suppress(OSError):
        return ask_from(gateway, "127.0.0.1", "/registry/healthz")[0] == 200
    return False


def test_connections_beyond_an_addresses_share_are_refused_and_logged(gateway: Gateway) -> None:
    wait_until(lambda: _answers(gateway), SECONDS, "the address is let in")
    with ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS + 20):
            stack.callback(Caller(gateway, tls=False, source="127.0.0.3").close)
        wait_until(lambda: '"client":"127.0.0.3"' in gateway.output(), SECONDS, "the refusal is logged")
        assert ask_from(gateway, ELSEWHERE, "/registry/healthz")[0] == 200


def test_a_header_that_comes_slowly_is_cut_off(gateway: Gateway) -> None:
    caller = Caller(gateway, source="127.0.0.4")
    caller.send("GET /registry/healthz HTTP/1.1\r\n")
    begun = monotonic()
    cut = False
    while not cut and monotonic() < begun + SECONDS:
        try:
            caller.send("X-Slow: and slower\r\n")
            caller.connection.settimeout(0.5)
            cut = caller.connection.recv(1) == b""
        except TimeoutError:
            continue
        except OSError:
            cut = True
    assert cut, "a header may take as long as its sender likes"


def test_a_body_that_stops_is_cut_off(gateway: Gateway) -> None:
    caller = Caller(gateway, source="127.0.0.5")
    caller.send(f"POST /registry/cadres HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token('records')}\r\n")
    caller.send("Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    caller.connection.settimeout(SECONDS)
    assert not caller.answer().startswith(b"HTTP/1.1 2")


def test_an_upload_without_a_token_is_refused_before_its_body_is_read(gateway: Gateway) -> None:
    """Seven of these, each held one byte before its end, filled the gateway's room for bodies."""
    with ExitStack() as stack:
        callers = [Caller(gateway, source="127.0.0.6") for _ in range(7)]
        for caller in callers:
            stack.callback(caller.close)
            caller.send(upload())
        for caller in callers:
            status = caller.connection.recv(65536)
            assert status.startswith(b"HTTP/1.1 401 "), status
            assert b"urn:hongxia:problem:unauthorized" in status
    assert not list((gateway.directory / "tmp").glob("body/**/*[0-9]")), "something was kept of a body"


@pytest.mark.parametrize("authorization", ["Authorization: Bearer nonsense\r\n", "Cookie: hongxia_token=nonsense\r\n"])
def test_a_wrong_token_sends_no_large_body_either(gateway: Gateway, authorization: str) -> None:
    caller = Caller(gateway, source="127.0.0.6")
    caller.send(upload(authorization))
    assert caller.connection.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_a_large_body_for_any_other_address_needs_a_token_too(gateway: Gateway) -> None:
    caller = Caller(gateway, source="127.0.0.6")
    caller.send("POST /registry/cadres HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
    assert caller.connection.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_a_body_without_a_length_needs_a_token_too(gateway: Gateway) -> None:
    caller = Caller(gateway, source="127.0.0.6")
    caller.send("POST /registry/cadres HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert caller.connection.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_uploads_that_are_held_with_a_token_end_and_leave_room(gateway: Gateway) -> None:
    """Of seven, four are let in; those that are held are cut off, and then a workbook arrives again."""
    authorization = f"Authorization: Bearer {token('records')}\r\n"
    with ExitStack() as stack:
        for number in range(7):
            caller = Caller(gateway, source=f"127.0.0.{10 + number}")
            stack.callback(caller.close)
            caller.send(upload(authorization, length=1_000_000, sent=999_999))
        sent = f"Content-Type: application/octet-stream\r\n{authorization}"
        refused = wait_until(lambda: _upload(gateway, sent), SECONDS, "a workbook gets through")
    assert b"unsupported-media-type" in refused


def _upload(gateway: Gateway, head: str) -> bytes:
    """What a small upload is answered, empty while there is no room for it."""
    caller = Caller(gateway, source=ELSEWHERE)
    caller.send(f"POST /registry/workbooks/cadres HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}")
    caller.send("Content-Length: 1\r\n\r\nx")
    answer = caller.answer()
    caller.close()
    return b"" if answer.startswith(b"HTTP/1.1 429 ") else answer


def test_one_address_holds_three_uploads_at_most(gateway: Gateway) -> None:
    authorization = f"Authorization: Bearer {token('records')}\r\n"
    with ExitStack() as stack:
        for _ in range(3):
            caller = Caller(gateway, source="127.0.0.7")
            stack.callback(caller.close)
            caller.send(upload(authorization, length=1_000_000, sent=10))

        def fourth() -> bool:
            caller = Caller(gateway, source="127.0.0.7")
            stack.callback(caller.close)
            caller.send(upload(authorization, length=1_000_000, sent=10))
            caller.connection.settimeout(1)
            try:
                return caller.connection.recv(65536).startswith(b"HTTP/1.1 429 ")
            except TimeoutError:
                return False

        assert wait_until(fourth, SECONDS, "a further upload is refused")


def test_requests_in_a_row_beyond_the_rate_are_refused_and_others_are_not(gateway: Gateway) -> None:
    caller = Caller(gateway, source="127.0.0.8")
    answers, left = b"", 900
    with suppress(OSError):
        caller.connection.settimeout(SECONDS)
        caller.send("GET /finance/nobody HTTP/1.1\r\nHost: x\r\n\r\n" * left)
        while b" 429 " not in answers and (part := caller.connection.recv(65536)):
            answers += part
    caller.close()
    assert b" 429 " in answers
    assert b"Retry-After: 5" in answers
    assert ask_from(gateway, ELSEWHERE, "/registry/healthz")[0] == 200


def test_the_deployed_time_outs_are_short() -> None:
    """The tests' gateway has shorter ones still; these are what the deployment says."""
    said = (DEPLOYED / "nginx.conf").read_text(encoding="utf-8")
    found = {
        name: int(value) for name, value in re.findall(r"^\s+(client_\w+_timeout|send_timeout) (\d+)s;", said, re.M)
    }
    assert found.keys() == {"client_header_timeout", "client_body_timeout", "send_timeout"}
    assert max(found.values()) <= 30
