from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import MessageStateError

from hongxia.events import broker
from hongxia.events.broker import MessageBatch, Publisher, connection, consume
from hongxia.events.transport import BrokerAway, Message
from hongxia.events.wire import EventMessage

MESSAGES = [Message("origin.thing.changed", body) for body in (b"one", b"two", b"three")]


class Line:
    """A connection and its one channel to a broker that answers as it is told: a script of what each wait brings."""

    recoverable_connection_errors = (ConnectionError,)

    def __init__(self, script: list[Callable[[Line], None]]) -> None:
        self.script = script
        self.events: dict[str, set[Any]] = defaultdict(set)
        self.sent: list[bytes] = []
        self.collected = False
        self.sock = None
        self.client_properties: dict[str, dict[str, bool]] = {"capabilities": {}}

    @property
    def connection(self) -> Line:
        return self

    @property
    def transport(self) -> Line:
        return self

    def _quick_recv(self, _wanted: int) -> bytes:
        return b""

    def _write(self, _frames: bytes) -> None:
        pass

    def write(self, frames: bytes) -> None:
        self._write(frames)

    def channel(self) -> Line:
        return self

    def ensure_connection(self, **_how: object) -> None:
        pass

    def confirm_select(self) -> None:
        pass

    def collect(self) -> None:
        self.collected = True

    def basic_publish(self, message: EventMessage, exchange: str, key: str, mandatory: bool) -> None:
        assert (exchange, key, mandatory) == ("hongxia.events", "origin.thing.changed", True)
        self.sent.append(message.body)

    def blocking_read(self, timeout: float) -> None:
        if not self.script:
            raise TimeoutError
        self.script.pop(0)(self)

    def answer(self, what: str, *arguments: Any) -> None:
        for heard in self.events[what]:
            heard(*arguments)


def ack(tag: int, multiple: bool = False) -> Callable[[Line], None]:
    return lambda line: line.answer("basic_ack", tag, multiple)


def nack(tag: int, multiple: bool = False) -> Callable[[Line], None]:
    return lambda line: line.answer("basic_nack", tag, multiple)


def returned(line: Line) -> None:
    line.answer("basic_return", object())


def lost(_line: Line) -> None:
    raise ConnectionResetError


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """The connections that will be opened, one after the other; a test fills in their scripts."""
    prepared = [Line([]), Line([])]
    opened = iter(prepared)
    monkeypatch.setattr(broker, "connection", lambda _uri: next(opened))
    monkeypatch.setattr(broker, "ensure", lambda _link, _exchange: None)
    return prepared


def test_a_batch_is_confirmed_when_every_message_is(lines: list[Line]) -> None:
    lines[0].script = [ack(2), ack(1), ack(3)]
    publisher = Publisher("pyamqp://")
    assert publisher.publish(MESSAGES) == 3
    assert publisher.connected
    lines[0].script = [ack(6, True)]
    assert publisher.publish(MESSAGES) == 3
    assert len(lines[0].sent) == 6


@pytest.mark.parametrize("script", [[ack(1), ack(3)], [ack(1), nack(2), ack(3)], [ack(1, True), nack(3, True)]])
def test_what_is_refused_or_not_answered_ends_the_stretch_and_the_channel(lines: list[Line], script: Any) -> None:
    lines[0].script = script
    publisher = Publisher("pyamqp://")
    assert publisher.publish(MESSAGES) == 1
    assert (publisher.connected, lines[0].collected) == (False, True)


def test_a_late_answer_is_not_taken_for_that_of_a_later_message(lines: list[Line]) -> None:
    publisher = Publisher("pyamqp://")
    assert publisher.publish(MESSAGES) == 0
    lines[1].script = [lambda _line: ack(1)(lines[0]), ack(2)]
    assert publisher.publish(MESSAGES) == 0


def test_the_wait_is_bounded(lines: list[Line]) -> None:
    moments: Iterator[float] = iter([0.0, 1.0, 99.0])
    lines[0].script = [ack(1), ack(2), ack(3)]
    publisher = Publisher("pyamqp://", monotonic=lambda: next(moments))
    assert publisher.publish(MESSAGES) == 1


def test_a_returned_message_is_confirmed_and_counted(lines: list[Line]) -> None:
    lines[0].script = [returned, ack(3, True)]
    publisher = Publisher("pyamqp://")
    assert publisher.publish(MESSAGES) == 3
    assert (publisher.take_returned(), publisher.take_returned()) == (1, 0)


def test_a_lost_connection_means_that_the_broker_is_away_until_the_next_one(lines: list[Line]) -> None:
    lines[0].script = [ack(1), lost]
    lines[1].script = [ack(3, True)]
    publisher = Publisher("pyamqp://")
    with pytest.raises(BrokerAway):
        publisher.publish(MESSAGES)
    assert not publisher.connected
    assert publisher.publish(MESSAGES) == 3


@pytest.fixture
def in_memory() -> Iterator[tuple[Connection, list[Any]]]:
    """A connection to kombu's broker in memory with a consumer's queue, and what it received."""
    received: list[Any] = []
    with connection("memory://") as link:
        consume(link, "ledger", "origin", received.append)
        yield link, received


def drain(link: Connection) -> None:
    try:
        while True:
            link.drain_events(timeout=0.1)
    except TimeoutError:
        pass


def test_in_memory_what_is_published_arrives_and_is_answered_once(in_memory: tuple[Connection, list[Any]]) -> None:
    link, received = in_memory
    publisher = Publisher("memory://")
    assert publisher.publish([*MESSAGES, Message("elsewhere.thing.changed", b"not for us")]) == 4
    drain(link)
    taken = MessageBatch(received, "ledger")
    assert taken.bodies == [b"one", b"two", b"three"]
    taken.dead_letter(1)
    taken.acknowledge()
    taken.acknowledge()
    assert all(message.acknowledged for message in received)
    with pytest.raises(MessageStateError):
        taken.dead_letter(1)
    dead = link.channel().basic_get("ledger.dead")
    assert dead.body == b"two"
    publisher.close()
