"""One service in nameko's container as `hongxia serve` runs it embedded, called as a WSGI application."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hongxia.database import migrate
from hongxia.dates import fixed_clock
from hongxia.roles import ADMIN
from hongxia.runtime.container import Container
from hongxia.runtime.host import SETTINGS
from hongxia.runtime.http import MOUNTS, Wsgi
from hongxia.runtime.service import Service
from hongxia.settings import Settings
from tests import keys
from tests.datakeys import DATA_KEYS
from tests.unit.events_builders import NOW


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_problem(self) -> bool:
        """Whether it is a problem document."""
        return self.headers.get("Content-Type", "").startswith("application/problem+json") and bool(self.body)


class Web:
    """A WSGI application, called with an environ of which every part can be chosen."""

    def __init__(self, application: Wsgi) -> None:
        self.application = application

    def __call__(self, method: str, path: str, *, query: str = "", body: Any = b"", **more: Any) -> Answer:
        """`path` is as it stands in PATH_INFO, decoded, in latin-1; `body` is bytes or a stream; `more` are parts of
        the environ, None to leave one out. An administrator's token is sent unless HTTP_AUTHORIZATION is given.
        """
        stream = io.BytesIO(body) if isinstance(body, bytes) else body
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8080",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:8080",
            "HTTP_AUTHORIZATION": f"Bearer {token()}",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)) if isinstance(body, bytes) else None,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": stream,
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **more,
        }
        return answer_of(self.application, {name: value for name, value in environ.items() if value is not None})


def answer_of(application: Wsgi, environ: Mapping[str, Any]) -> Answer:
    """Call a WSGI application."""
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        begun[:] = [int(status.split()[0]), dict(headers)]

    parts: Iterable[bytes] = application(dict(environ), start_response)
    body = b"".join(parts)
    return Answer(begun[0], begun[1], body)


def token(*roles: str) -> str:
    """A token."""
    return keys.token(*(roles or (ADMIN,)))


@contextmanager
def running(service: type[Service], folder: Path) -> Iterator[tuple[Container, dict[str, Wsgi]]]:
    """The container of a service on SQLite and the broker in memory, and the application that it mounts, by name."""
    url = f"sqlite:///{folder / service.name}.sqlite3"
    migrate(url, service.definition.migrations)
    settings = Settings(
        url,
        "memory://",
        "127.0.0.1:0",
        *keys.pair(service.name),
        "http://127.0.0.1:9",
        "ERROR",
        fixed_clock(NOW),
        data_keys=DATA_KEYS,
    )
    mounts: dict[str, Wsgi] = {}
    container = Container(service, {SETTINGS: settings, MOUNTS: mounts, "max_workers": 10})
    container.start()
    try:
        yield container, mounts
    finally:
        container.stop()
