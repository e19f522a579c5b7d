from __future__ import annotations

import socket
from types import SimpleNamespace

import amqp
import pytest
from amqp.transport import TCPTransport

from hongxia.events.envelope import CONTENT_TYPE
from hongxia.events.wire import EventMessage, corked, quicken


@pytest.fixture
def ends():
    """A py-amqp connection's own transport over a pair of sockets, and the other end."""
    ours, theirs = socket.socketpair()
    transport = TCPTransport("127.0.0.1")
    transport.sock = ours
    transport._setup_transport()
    yield SimpleNamespace(transport=transport, client_properties={"capabilities": {"connection.blocked": True}}), theirs
    ours.close()
    theirs.close()


def test_what_is_written_inside_goes_out_at_the_end_and_in_order(ends):
    connection, theirs = ends
    with corked(connection):
        shared = bytearray(b"one")
        connection.transport.write(memoryview(shared))
        shared[:] = b"two"
        connection.transport.write(memoryview(shared))
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
    assert theirs.recv(100) == b"onetwo"
    connection.transport.write(b"after")
    assert theirs.recv(100) == b"after"


def test_after_an_error_inside_nothing_goes_out_and_later_writes_do(ends):
    connection, theirs = ends
    with pytest.raises(ValueError), corked(connection):
        connection.transport.write(b"half")
        raise ValueError
    connection.transport.write(b"after")
    assert theirs.recv(100) == b"after"


def test_reading_ahead_gives_every_byte_once_in_order(ends):
    connection, theirs = ends
    quicken(connection)
    theirs.sendall(bytes(range(256)))
    read = connection.transport._read
    assert read(7) + read(100) + read(149) == bytes(range(256))
    assert connection.client_properties["capabilities"]["connection.blocked"] is False


def test_the_properties_of_an_event_are_those_that_py_amqp_would_write():
    plain = amqp.Message(b"x", content_type=CONTENT_TYPE, content_encoding="binary", delivery_mode=2)
    assert EventMessage(b"x")._serialize_properties() == plain._serialize_properties()
