"""Accept connections, at most so many at once, and answer the requests that come on them; nothing waits without end."""

from __future__ import annotations

import errno
import resource
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from nameko.web.server import STATE_IDLE

from hongxia.runtime import green, unreadable

MOST_CONNECTIONS = 500
SPARE_FILES = 200
"""Files that are left for the database, the broker, feeds and logs."""
IDLE_SECONDS = 75.0
"""How long a connection may wait for its next request; whoever keeps one asks more often than that."""
HEADER_SECONDS = 15.0
"""How long a request's header may take altogether."""
SOCKET_SECONDS = 30.0
"""How long the next piece of a body may take, and how long our next piece may take to be read."""
PAUSE_SECONDS = 0.1
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""There is no room for another connection now; there will be once one ends."""
HARMLESS = {
    errno.ECONNABORTED,
    errno.EPERM,
    errno.EPROTO,
    errno.EINTR,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.EHOSTDOWN,
}
"""The connection that was about to be accepted is gone; see accept(2)."""

Spawn = Callable[[Callable[[], None]], Any]


def most_connections() -> int:
    """Return how many connections a process takes at once: fewer where it may not open so many files."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files < 0 else max(1, min(MOST_CONNECTIONS, files - SPARE_FILES))


class Protocol(unreadable.Protocol):
    """HTTP with a bound for the time that a header takes."""

    def _read_request_line(self) -> Any:
        with green.at_most(IDLE_SECONDS):
            return super()._read_request_line()
        return b""

    def parse_request(self) -> bool:
        """Read the header. False, and the end of the connection, if it does not come in time."""
        with green.at_most(HEADER_SECONDS):
            return bool(super().parse_request())
        self.close_connection = True
        return False

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: the line of a request may hold names."""


class Connections:
    """The connections of one listening socket."""

    def __init__(self, listener: Any, application: Any, spawn: Spawn, most: int | None = None) -> None:
        """`spawn` runs one connection; `most` is how many may be open at once."""
        self._listener = listener
        self._spawn = spawn
        self._slots = green.Slots(most or most_connections())
        self._server = green.wsgi_server(listener, application, Protocol)
        self._server.socket_timeout = SOCKET_SECONDS
        self._server.keepalive = IDLE_SECONDS

    def accept(self) -> None:
        """Accept connections until the listener is closed or the thread killed. Nobody is accepted while there are as
        many as may be; the others wait in the kernel's queue.
        """
        while True:
            self._slots.take()
            try:
                connection, address = self._listener.accept()
            except OSError as error:
                self._slots.give_back()
                if error.errno in EXHAUSTED:
                    green.sleep(PAUSE_SECONDS)
                elif error.errno not in HARMLESS:
                    raise
                continue
            connection.settimeout(SOCKET_SECONDS)
            self._spawn(partial(self._serve, connection, address))

    def _serve(self, connection: socket.socket, address: Any) -> None:
        try:
            self._server.process_request([address, connection, STATE_IDLE])
        except OSError:
            pass  # the caller is gone
        finally:
            connection.close()
            self._slots.give_back()
