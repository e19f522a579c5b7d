"""A peer that speaks just enough AMQP 0-9-1 on a real socket to be connected to, and then behaves as it is told."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

METHOD, HEARTBEAT = 1, 8
FRAME_END = b"\xce"
HEARTBEAT_EVERY = 0.05

START = struct.pack(">BBI", 0, 9, 0) + struct.pack(">I", 5) + b"PLAIN" + struct.pack(">I", 5) + b"en_US"
TUNE = struct.pack(">HIH", 2047, 131072, 20)
CLOSE = (10, 50)
PUBLISH = (60, 40)
ANSWERS = {
    (10, 11): ((10, 30), TUNE),
    (10, 40): ((10, 41), b"\0"),
    (20, 10): ((20, 11), b"\0\0\0\0"),
    (20, 40): ((20, 41), b""),
    (40, 10): ((40, 11), b""),
    (85, 10): ((85, 11), b""),
}
"""What a broker answers to StartOk, Open, a channel's Open and Close, an exchange's Declare, and Confirm.Select."""


class Peer:
    """A broker that confirms nothing. `heartbeats`: it shows that it lives; `polite`: it answers Connection.Close;
    `reads`: it goes on reading once something is published.
    """

    def __init__(self, *, heartbeats: bool = False, polite: bool = False, reads: bool = True) -> None:
        self.heartbeats = heartbeats
        self.polite = polite
        self.reads = reads
        self.methods: list[tuple[int, int]] = []
        self.ended = threading.Event()
        """Set once a client has closed its socket."""
        self._closing = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"pyamqp://guest:guest@127.0.0.1:{self._listener.getsockname()[1]}//"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _tb: TracebackType | None) -> None:
        self._closing.set()
        for one in (self._listener, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, EOFError):
            _exactly(client, 8)
            _send(client, 0, (10, 10), START)
            if self.heartbeats:
                threading.Thread(target=self._beat, args=(client,), daemon=True).start()
            while self._answer(client):
                pass
            self._closing.wait()
            return
        self.ended.set()

    def _answer(self, client: socket.socket) -> bool:
        """Answer one frame; false once no more is to be read."""
        kind, channel, size = struct.unpack(">BHI", _exactly(client, 7))
        payload = _exactly(client, size + 1)[:-1]
        if kind != METHOD:
            return True
        method = struct.unpack(">HH", payload[:4])
        self.methods.append(method)
        if method in ANSWERS:
            _send(client, channel, *ANSWERS[method])
        elif method == CLOSE and self.polite:
            _send(client, channel, (10, 51), b"")
        return self.reads or method != PUBLISH

    def _beat(self, client: socket.socket) -> None:
        with suppress(OSError):
            while not self._closing.wait(HEARTBEAT_EVERY):
                client.sendall(struct.pack(">BHI", HEARTBEAT, 0, 0) + FRAME_END)


def _send(client: socket.socket, channel: int, method: tuple[int, int], arguments: bytes) -> None:
    payload = struct.pack(">HH", *method) + arguments
    client.sendall(struct.pack(">BHI", METHOD, channel, len(payload)) + payload + FRAME_END)


def _exactly(client: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = client.recv(count - len(found))
        if not more:
            raise EOFError
        found += more
    return found
