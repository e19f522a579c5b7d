"""No wait for the broker is without a bound: it may be in an alarm, or its connection forgotten by a firewall."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hongxia.events import broker
from hongxia.events.broker import Publisher, connect, connection, discard, farewell
from hongxia.events.transport import BrokerAway, Message
from tests.unit.amqp_peer import CLOSE, Peer

DEADLINE = 30.0
"""How long a test waits for what should take a fraction of a second."""

MESSAGES = [Message("origin.thing.changed", body) for body in (b"one", b"two")]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "CONFIRM_SECONDS", 0.3)
    monkeypatch.setattr(broker, "FAREWELL_SECONDS", 0.3)


def ends(work: Callable[[], Any]) -> Any:
    """Return what work returns, or what it raises, if it ends at all."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as error:  # noqa: BLE001 - handed to the test
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    assert outcome, "it waits without a bound"
    return outcome[0]


@pytest.mark.parametrize("heartbeats", [False, True], ids=["silent", "heartbeats"])
def test_a_broker_that_confirms_nothing_is_given_up(heartbeats: bool) -> None:
    with Peer(heartbeats=heartbeats) as peer:
        publisher = Publisher(peer.uri, "origin")
        assert ends(lambda: publisher.publish(MESSAGES)) == 0
        assert not publisher.connected
        assert peer.ended.wait(DEADLINE), "its socket is closed"
        assert CLOSE not in peer.methods, "nobody waits for the answer to a farewell"


@pytest.mark.parametrize("heartbeats", [False, True], ids=["silent", "heartbeats"])
def test_a_broker_that_stops_reading_in_the_middle_of_a_batch_is_given_up(heartbeats: bool) -> None:
    with Peer(heartbeats=heartbeats, reads=False) as peer:
        publisher = Publisher(peer.uri, "origin")
        large = [Message("origin.thing.changed", b"x" * 1_000_000)] * 40
        assert isinstance(ends(lambda: publisher.publish(large)), BrokerAway)
        assert not publisher.connected


def test_an_idle_publisher_that_is_closed_says_goodbye() -> None:
    with Peer(polite=True) as peer:
        publisher = Publisher(peer.uri, "origin")
        publisher.open()
        ends(publisher.close)
        assert peer.ended.wait(DEADLINE)
        assert peer.methods[-1] == CLOSE


@pytest.mark.parametrize("heartbeats", [False, True], ids=["silent", "heartbeats"])
def test_a_farewell_that_nobody_answers_ends_all_the_same(heartbeats: bool) -> None:
    with Peer(heartbeats=heartbeats) as peer:
        publisher = Publisher(peer.uri, "origin")
        publisher.open()
        ends(publisher.close)
        assert peer.ended.wait(DEADLINE)


def test_a_reader_notices_that_its_broker_has_fallen_silent() -> None:
    with Peer() as peer:
        link = connection(peer.uri)
        connect(link)
        assert isinstance(ends(link.drain_events), TimeoutError)
        ends(lambda: discard(link))
        assert peer.ended.wait(DEADLINE)


def test_a_connection_that_was_never_opened_is_closed_without_opening_it() -> None:
    with Peer() as peer:
        ends(lambda: farewell(connection(peer.uri)))
        ends(lambda: discard(connection(peer.uri)))
        assert peer.methods == []
