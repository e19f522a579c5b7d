"""The deployment's gateway before two real services, for those who attack it over the network."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import requests

from hongxia import services
from hongxia.database import migrate
from tests import keys
from tests.e2e.bureau import HONGXIA, READY_SECONDS
from tests.servers import Gateway, Process, free_port

ELSEWHERE = "127.0.0.2"
"""Another address of this machine: the one that an honest caller has."""


@contextmanager
def open_gateway(folder: Path, *names: str) -> Iterator[Gateway]:
    """The gateway, with these services running behind it on SQLite and the broker in memory."""
    with ExitStack() as stack:
        ports = {name: free_port() for name in names}
        running = {name: stack.enter_context(_service(name, port, folder)) for name, port in ports.items()}
        gateway = stack.enter_context(Gateway(ports))
        for name, process in running.items():
            process.wait_for(lambda name=name: _alive(gateway, name), READY_SECONDS, f"{name} answers")
        yield gateway


def _alive(gateway: Gateway, name: str) -> bool:
    try:
        return gateway.ask("GET", f"/{name}/healthz").status_code == 200
    except requests.ConnectionError:
        return False


def _service(name: str, port: int, folder: Path) -> Process:
    url = f"sqlite:///{folder / name}.sqlite3"
    migrate(url, services.load(name).definition.migrations)
    env: Mapping[str, str] = {
        "DATABASE_URL": url,
        "AMQP_URI": "memory://",
        "HTTP_ADDRESS": f"127.0.0.1:{port}",
        **keys.environment(name),
        "HONGXIA_URL": "http://127.0.0.1:9",
    }
    return Process([HONGXIA, "serve", name], log=folder / f"{name}.log", env=env, name=name)


class Caller:
    """A caller that writes bytes as it likes, from an address of its choice."""

    def __init__(self, gateway: Gateway, *, source: str = "127.0.0.1", tls: bool = True) -> None:
        """Connect. Raises OSError where the gateway does not let this address in."""
        address = ("127.0.0.1", gateway.port)
        self.connection: socket.socket = socket.create_connection(address, timeout=20, source_address=(source, 0))
        if tls:
            context = ssl.create_default_context(cafile=gateway.authority)
            self.connection = context.wrap_socket(self.connection, server_hostname="127.0.0.1")

    def send(self, text: str | bytes) -> None:
        """Write."""
        self.connection.sendall(text.encode() if isinstance(text, str) else text)

    def answer(self) -> bytes:
        """One answer, or what comes of it until the other side ends, however it does so."""
        found = b""
        with suppress(ConnectionError):
            while not _is_whole(found) and (part := self.connection.recv(65536)):
                found += part
        return found

    def close(self) -> None:
        """Leave."""
        self.connection.close()


def _is_whole(answer: bytes) -> bool:
    head, parted, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    return bool(parted) and length is not None and len(body) >= int(length.group(1))


def ask_from(gateway: Gateway, source: str, path: str, *, head: str = "") -> tuple[int, bytes]:
    """Return status and whole answer of a GET that is sent from an address."""
    caller = Caller(gateway, source=source)
    caller.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n")
    answer = caller.answer()
    caller.close()
    return int(answer.split(b" ", 2)[1]) if answer else 0, answer
