"""What the web server can't read is answered with a problem document, too, and the connection is closed."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from hongxia.runtime import green
from hongxia.runtime.connections import Connections
from tests.unit.runtime_builders import DEADLINE


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"HTTP/1.0 400 is a text like any other"]


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    listener = green.listen(("127.0.0.1", 0))
    server = green.spawn(Connections(listener, hello, green.spawn).accept)
    yield listener.getsockname()
    server.kill()
    listener.close()


def sent(address: tuple[str, int], request: bytes) -> bytes:
    """Send bytes, and return all that comes back until the server hangs up."""
    from eventlet.green import socket as green_socket

    with green.at_most(DEADLINE * 4):
        connection: socket.socket = green_socket.create_connection(address)
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    return answer


@pytest.mark.parametrize(
    ("request_", "status", "slug"),
    [
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", 414, "address-too-long"),
        (b"GET / HTTP/1.1 x\r\n\r\n", 400, "bad-request"),
        (b"GET\r\n\r\n", 400, "bad-request"),
        (b"GET / HTTP/9.9\r\n\r\n", 505, "bad-request"),
        (b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "bad-request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 9_000 + b"\r\n\r\n", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 4_000 + b"\r\n") * 20 + b"\r\n", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n", 431, "headers-too-large"),
    ],
)
def test_what_the_server_cannot_read_is_a_problem_document(
    address: tuple[str, int], request_: bytes, status: int, slug: str
) -> None:
    head, _, body = sent(address, request_).partition(b"\r\n\r\n")
    first, *headers = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in headers)}
    assert first.split()[1] == str(status)
    assert fields["content-type"].startswith("application/problem+json")
    assert (int(fields["content-length"]), fields["connection"]) == (len(body), "close")
    document = json.loads(body)
    assert (document["status"], document["type"]) == (status, f"urn:hongxia:problem:{slug}")
    assert document["detail"].startswith(("请求", "地址"))


def test_an_answer_of_the_application_is_left_as_it_is(address: tuple[str, int]) -> None:
    answer = sent(address, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK") and b"HTTP/1.0 400 is a text like any other" in answer
