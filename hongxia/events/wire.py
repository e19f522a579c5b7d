"""Fewer system calls on a py-amqp connection, which by itself makes one for each message it writes, two for each
message to see whether the broker has said something, and nine to read one.

These are parts that py-amqp does not publish; its version is pinned, and a test holds them against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import amqp

from hongxia.events.envelope import CONTENT_TYPE
from hongxia.events.transport import Message

HEAD = "hongxia-head"
"""The header in which a message carries the signed head at its event."""

READ_AHEAD = 16 * 1024


def quicken(connection: Any) -> None:
    """Read ahead, and look for what the broker has said when waiting for confirms, not before each message."""
    transport = connection.transport
    receive = transport._quick_recv
    transport._quick_recv = lambda wanted: receive(max(wanted, READ_AHEAD))
    connection.client_properties.setdefault("capabilities", {})["connection.blocked"] = False


class EventMessage(amqp.Message):  # type: ignore[misc]
    """A persistent message that holds an event; the properties of all of them are the same, and serialised once."""

    _SERIALISED: bytes = amqp.Message(
        b"", content_type=CONTENT_TYPE, content_encoding="binary", delivery_mode=2
    )._serialize_properties()

    def _serialize_properties(self) -> bytes:
        return self._SERIALISED


def signed_message(message: Message) -> amqp.Message:
    """Return a persistent message that holds an event and the signed head at it."""
    return amqp.Message(
        message.body,
        content_type=CONTENT_TYPE,
        content_encoding="binary",
        delivery_mode=2,
        application_headers={HEAD: message.head},
    )


@contextmanager
def corked(connection: Any) -> Iterator[None]:
    """Hold back what is written inside, and send it at the end with one call; after an error nothing of it."""
    transport = connection.transport
    held: list[bytes] = []
    send = transport._write
    transport._write = lambda frame: held.append(bytes(frame))
    try:
        yield
    finally:
        transport._write = send
    transport.write(b"".join(held))
