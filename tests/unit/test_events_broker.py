from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from amqp.exceptions import AccessRefused, PreconditionFailed
from kombu import Connection
from kombu.exceptions import MessageStateError

from hongxia.events import broker, topology
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
        self.on_blocked: Callable[[str], None]
        self.on_unblocked: Callable[[], None]
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

    def heartbeat_check(self) -> None:
        pass

    def collect(self) -> None:
        self.collected = True

    def basic_publish(self, message: EventMessage, exchange: str, key: str, mandatory: bool) -> None:
        assert (exchange, key, mandatory) == ("origin.events", "origin.thing.changed", True)
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


def refused(_line: Line) -> None:
    raise PreconditionFailed("message size 30000 is larger than configured max size 20000")


def not_permitted(_line: Line) -> None:
    raise AccessRefused("write access to exchange 'origin.events' refused")


def blocked(line: Line) -> None:
    line.on_blocked("low on memory")


def unblocked(line: Line) -> None:
    line.on_unblocked()


def silence(_line: Line) -> None:
    raise TimeoutError


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """The connections that will be opened, one after the other; a test fills in their scripts."""
    prepared = [Line([]) for _ in range(9)]
    opened = iter(prepared)
    monkeypatch.setattr(broker, "connection", lambda _uri: next(opened))
    monkeypatch.setattr(broker, "CONFIRM_SECONDS", 0.3)
    monkeypatch.setattr(topology, "ensure", lambda _link, _exchange: None)
    return prepared


def test_a_batch_is_confirmed_when_every_message_is(lines: list[Line]) -> None:
    lines[0].script = [ack(2), ack(1), ack(3)]
    publisher = Publisher("pyamqp://", "origin")
    assert publisher.publish(MESSAGES) == 3
    assert publisher.connected
    lines[0].script = [ack(6, True)]
    assert publisher.publish(MESSAGES) == 3
    assert len(lines[0].sent) == 6


@pytest.mark.parametrize("script", [[ack(1), ack(3)], [ack(1), nack(2), ack(3)], [ack(1, True), nack(3, True)]])
def test_what_is_refused_or_not_answered_ends_the_stretch_and_the_channel(lines: list[Line], script: Any) -> None:
    lines[0].script = script
    publisher = Publisher("pyamqp://", "origin")
    assert publisher.publish(MESSAGES) == 1
    assert (publisher.connected, lines[0].collected) == (False, True)


def test_a_late_answer_is_not_taken_for_that_of_a_later_message(lines: list[Line]) -> None:
    publisher = Publisher("pyamqp://", "origin")
    assert publisher.publish(MESSAGES) == 0
    lines[1].script = [lambda _line: ack(1)(lines[0]), ack(2)]
    assert publisher.publish(MESSAGES) == 0


def test_the_wait_is_bounded(lines: list[Line]) -> None:
    moments: Iterator[float] = iter([0.0, 0.1, 99.0])
    lines[0].script = [ack(1), ack(2), ack(3)]
    publisher = Publisher("pyamqp://", "origin", monotonic=lambda: next(moments))
    assert publisher.publish(MESSAGES) == 1


def test_a_returned_message_is_confirmed_and_counted(lines: list[Line]) -> None:
    lines[0].script = [returned, ack(3, True)]
    publisher = Publisher("pyamqp://", "origin")
    assert publisher.publish(MESSAGES) == 3
    assert (publisher.take_returned(), publisher.take_returned()) == (1, 0)


def test_a_lost_connection_means_that_the_broker_is_away_until_the_next_one(lines: list[Line]) -> None:
    lines[0].script = [lost]
    lines[1].script = [ack(1), ack(3, True)]
    publisher = Publisher("pyamqp://", "origin")
    with pytest.raises(BrokerAway):
        publisher.publish(MESSAGES)
    assert not publisher.connected
    assert publisher.publish(MESSAGES) == 3


def test_what_was_confirmed_before_the_connection_was_lost_is_not_sent_again(lines: list[Line]) -> None:
    lines[0].script = [ack(1), lost]
    lines[1].script = [ack(1), ack(2)]
    publisher = Publisher("pyamqp://", "origin")
    assert publisher.publish(MESSAGES) == 1
    assert publisher.publish(MESSAGES[1:]) == 2
    assert lines[1].sent == [b"two", b"three"]


def test_after_a_fault_one_message_goes_out_and_the_others_once_it_is_confirmed(lines: list[Line]) -> None:
    """A broker that confirms nothing gets one message a try, not another copy of all of them."""
    publisher = Publisher("pyamqp://", "origin")
    assert [publisher.publish(MESSAGES) for _ in range(3)] == [0, 0, 0]
    assert [line.sent for line in lines[:3]] == [[b"one", b"two", b"three"], [b"one"], [b"one"]]
    lines[3].script = [ack(1), ack(3, True)]
    assert publisher.publish(MESSAGES) == 3
    lines[3].script = [ack(6, True)]
    assert publisher.publish(MESSAGES) == 3
    assert not lines[3].collected


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_message_that_the_broker_refuses_is_named_and_left_out(lines: list[Line], place: int) -> None:
    """The broker does not say which one it was, so each goes out alone, until it is found."""
    found: list[tuple[bytes, str]] = []
    publisher = Publisher("pyamqp://", "origin", lambda message, reason: found.append((message.body, reason)))
    lines[0].script = [refused]
    lines[1].script = [ack(tag) for tag in range(1, place + 1)] + [refused]
    lines[2].script = [ack(tag) for tag in range(1, 3 - place)]
    assert publisher.publish(MESSAGES) == 3
    assert found == [(MESSAGES[place].body, "message size 30000 is larger than configured max size 20000")]
    assert [line.sent for line in lines[1:3]] == [
        [message.body for message in MESSAGES[: place + 1]],
        [message.body for message in MESSAGES[place + 1 :]],
    ]
    lines[2].script = [ack(5, True)]
    assert publisher.publish(MESSAGES[:2]) == 2


def test_a_broker_that_refuses_everything_is_waited_for(lines: list[Line]) -> None:
    found: list[Message] = []
    publisher = Publisher("pyamqp://", "origin", lambda message, _reason: found.append(message))
    for line in lines[:2]:
        line.script = [not_permitted]
        with pytest.raises(BrokerAway):
            publisher.publish(MESSAGES)
    assert found == []


def test_while_the_broker_has_an_alarm_its_answer_is_waited_for_and_nothing_is_sent_again(lines: list[Line]) -> None:
    states: list[bool] = []
    publisher = Publisher("pyamqp://", "origin", on_blocked=states.append)
    seen: list[bool] = []

    def look(_line: Line) -> None:
        seen.append(publisher.blocked)
        time.sleep(0.1)  # six of them take longer than a confirm may
        raise TimeoutError

    lines[0].script = [blocked, *[look] * 6, unblocked, ack(3, True)]
    assert publisher.publish(MESSAGES) == 3
    assert (states, seen, len(lines[0].sent)) == ([True, False], [True] * 6, 3)


def test_nothing_is_published_to_a_broker_that_has_an_alarm(lines: list[Line]) -> None:
    publisher = Publisher("pyamqp://", "origin")
    lines[0].script = [ack(3, True)]
    publisher.publish(MESSAGES)
    blocked(lines[0])
    sent: list[int] = []
    lines[0].script = [silence, lambda line: sent.append(len(line.sent)), unblocked, ack(6, True)]
    assert publisher.publish(MESSAGES) == 3
    assert sent == [3]


def test_an_alarm_ends_with_the_connection(lines: list[Line]) -> None:
    states: list[bool] = []
    publisher = Publisher("pyamqp://", "origin", on_blocked=states.append)
    lines[0].script = [blocked, lost]
    with pytest.raises(BrokerAway):
        publisher.publish(MESSAGES)
    assert (states, publisher.blocked) == ([True, False], False)


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
    publisher = Publisher("memory://", "origin")
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
