"""Requests that the web server itself refuses, because it can't read their first line or their headers: answered with a
problem document, as everything else.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from nameko.web.server import HttpOnlyProtocol

from hongxia.http.problems import BadRequest, Problem

DETAILS = {
    HTTPStatus.REQUEST_URI_TOO_LONG: ("address-too-long", "地址过长，请缩短查询参数"),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ("headers-too-large", "请求头过大，请减少请求头"),
}


_OWN_ANSWER = re.compile(rb"HTTP/1\.[01] ([45]\d\d) ")


class Protocol(HttpOnlyProtocol):  # type: ignore[misc]
    """The server's protocol. What it refuses by itself it writes with `send_error` or, in one piece, with `write`;
    answers of the application are written with `writelines`.
    """

    wfile: Any
    close_connection: Any

    def setup(self) -> None:
        """See socketserver."""
        super().setup()
        self.wfile = Refusing(self.wfile)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that can't be read, and hang up."""
        self.wfile.write(b"HTTP/1.0 %d " % code)
        self.close_connection = True


class Refusing:
    """A connection's output in which the server's own refusals are problem documents."""

    def __init__(self, output: Any) -> None:
        self._output = output

    def __getattr__(self, name: str) -> Any:
        return getattr(self._output, name)

    def write(self, data: bytes) -> Any:
        """Write; what the server says by itself becomes a problem document."""
        found = _OWN_ANSWER.match(data)
        return self._output.write(document(int(found.group(1))) if found else data)


def document(status: int) -> bytes:
    """Return the whole answer to a request that can't be read."""
    slug, detail = DETAILS.get(HTTPStatus(status), ("bad-request", "请求行或请求头无法读取"))
    problem: Problem = BadRequest(detail, slug=slug)
    problem.status = HTTPStatus(status)
    response = problem.response()
    response.headers["Connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{head}\r\n".encode("latin-1") + response.get_data()
