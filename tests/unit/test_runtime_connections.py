"""Connections: at most so many, none for ever, and none that ends the process."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eventlet.green import socket

from hongxia.http.guards import GUARDS
from hongxia.http.problems import CONTENT_TYPE
from hongxia.runtime import connections, green
from hongxia.runtime.connections import Connections
from tests.unit.runtime_builders import eventually

Open = Callable[..., Any]


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers what was sent; at /wait once the test lets it."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"read " + body]


class Served:
    """A listener at which connections are accepted, and its callers."""

    def __init__(self, most: int | None) -> None:
        self.listener = green.listen(("127.0.0.1", 0))
        self.accepting = green.spawn(Connections(self.listener, application, green.spawn, most).accept)
        self.callers: list[Any] = []

    def call(self, text: bytes = b"") -> Any:
        caller = socket.create_connection(self.listener.getsockname())
        caller.settimeout(20)
        self.callers.append(caller)
        if text:
            caller.sendall(text)
        return caller

    def close(self) -> None:
        self.accepting.kill()
        for caller in (*self.callers, self.listener):
            caller.close()


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    found = Served(getattr(request, "param", None))
    yield found
    found.close()


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def answer(caller: Any) -> bytes:
    """What comes first; empty if the other side ends without an answer."""
    try:
        found: bytes = caller.recv(65536)
    except ConnectionError:
        return b""
    return found


@pytest.mark.parametrize("served", [2], indirect=True)
def test_who_comes_when_there_are_as_many_as_may_be_is_served_once_one_leaves(served: Served) -> None:
    first, _second, third = served.call(GET), served.call(), served.call(GET)
    assert answer(first).startswith(b"HTTP/1.1 200")
    third.settimeout(0.2)
    with pytest.raises(TimeoutError):
        third.recv(1)
    first.close()
    third.settimeout(20)
    assert answer(third).startswith(b"HTTP/1.1 200")


def test_no_room_for_a_file_is_waited_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [OSError(code, "") for code in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ECONNABORTED)]
    accept = served.listener.accept
    monkeypatch.setattr(connections, "PAUSE_SECONDS", 0.001)

    def accept_later() -> Any:
        if refusals:
            raise refusals.pop()
        return accept()

    monkeypatch.setattr(served.listener, "accept", accept_later)
    for _ in range(2):  # the first is accepted by the call that was waiting already
        assert answer(served.call(GET)).startswith(b"HTTP/1.1 200")
    assert not refusals


def test_another_error_ends_the_accepting(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise OSError(errno.EBADF, "")

    monkeypatch.setattr(served.listener, "accept", broken)
    served.call(GET)
    eventually(lambda: served.accepting.dead, "accepting ends")
    with pytest.raises(OSError):
        served.accepting.wait()


def test_a_header_that_comes_in_small_pieces_ends_when_its_time_is_over(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    caller = served.call(b"GET / HTTP/1.1\r\n")

    def dripped() -> bool:
        try:
            caller.sendall(b"X: y\r\n")
            green.sleep(0.02)
            caller.settimeout(0.001)
            return answer(caller) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    assert eventually(dripped, "the connection ends")


def test_a_connection_that_asks_nothing_ends_when_its_time_is_over(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.05)
    assert answer(served.call()) == b""


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense and more words\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_by_a_problem_and_logged_nowhere(
    served: Served, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    head, _, body = answer(served.call(request_)).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert head.startswith(b"HTTP/1.1 4")
    assert headers["Content-Type"] == CONTENT_TYPE
    assert headers.items() >= GUARDS.items()
    assert json.loads(body)["status"] == int(head.split()[1])
    assert capfd.readouterr() == ("", "")


def test_a_caller_that_leaves_gives_its_place_back(served: Served) -> None:
    for text in (b"", b"G", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"):
        served.call(text).close()
    assert answer(served.call(GET)).startswith(b"HTTP/1.1 200")


def test_fewer_are_let_in_where_fewer_files_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, most in ((-1, 500), (100_000, 500), (300, 100), (100, 1)):
        monkeypatch.setattr("resource.getrlimit", lambda _which, files=files: (files, files))
        assert connections.most_connections() == most
