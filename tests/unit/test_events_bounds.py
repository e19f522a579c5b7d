"""Figures of the side of events: what outlives a restart of the broker, and how long it may say nothing."""

from __future__ import annotations

import socket
import threading

import amqp
import pytest
from kombu import Exchange, Queue

from hongxia.events import broker
from hongxia.events.broker import connect, connection, farewell
from hongxia.events.topology import (
    DEAD_DAYS,
    DEAD_LETTERS,
    DELIVERY_LIMIT,
    dead_exchange,
    dead_queue,
    events_exchange,
    source_queue,
)
from tests.unit.amqp_peer import Peer

DEADLINE = 30.0


def test_all_that_holds_events_outlives_a_restart_of_the_broker() -> None:
    queues: list[Queue] = [source_queue("ledger", "origin"), dead_queue("ledger")]
    exchanges: list[Exchange] = [
        events_exchange("origin"),
        dead_exchange("ledger"),
        *(queue.exchange for queue in queues),
    ]
    assert all(one.durable and not one.auto_delete for one in [*exchanges, *queues])
    assert {queue.queue_arguments["x-queue-type"] for queue in queues} == {"quorum"}


def test_one_replica_at_a_time_reads_a_source_and_its_dead_letters_have_a_place() -> None:
    queue = source_queue("ledger", "origin")
    arguments = queue.queue_arguments
    assert arguments["x-single-active-consumer"] is True
    assert queue.exchange.name == "origin.events"
    place = ("ledger.dead", "ledger")
    assert (arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"]) == place
    assert (dead_queue("ledger").exchange.name, dead_queue("ledger").routing_key) == place


def test_a_crash_loop_does_not_set_events_aside_and_dead_letters_fill_no_disk() -> None:
    assert source_queue("ledger", "origin").queue_arguments["x-delivery-limit"] == DELIVERY_LIMIT >= 100_000
    arguments = dead_queue("ledger").queue_arguments
    assert arguments["x-max-length"] == DEAD_LETTERS <= 100_000
    assert arguments["x-message-ttl"] == DEAD_DAYS * 86_400_000


def test_queues_are_bound_without_the_right_to_make_exchanges() -> None:
    assert [queue.exchange.no_declare for queue in (source_queue("a", "b"), dead_queue("a"))] == [True, True]


def test_a_broker_counts_as_dead_after_two_heartbeats_at_the_earliest_and_soon_enough_for_the_alert() -> None:
    assert 2 * broker.HEARTBEAT_SECONDS <= broker.SILENCE_SECONDS < 90
    assert 1 <= broker.FAREWELL_SECONDS < broker.CONFIRM_SECONDS < 60


def test_in_memory_events_are_looked_for_many_times_a_second() -> None:
    link = broker.connection("memory://")
    assert 0 < link.transport_options["polling_interval"] <= 0.1


def test_a_farewell_to_a_broker_that_reads_nothing_any_more_takes_no_longer_than_one_that_it_hears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broker, "CONFIRM_SECONDS", DEADLINE * 100)
    monkeypatch.setattr(broker, "FAREWELL_SECONDS", 0.2)
    with Peer(reads=False) as peer:
        link = connection(peer.uri)
        connect(link)
        link.channel().basic_publish(amqp.Message(b"x"), exchange="e", routing_key="k")
        fill(link.connection.transport.sock)
        leaving = threading.Thread(target=lambda: farewell(link), daemon=True)
        leaving.start()
        leaving.join(DEADLINE)
        assert not leaving.is_alive(), "it waits without a bound"


def fill(connected: socket.socket) -> None:
    """Write until neither end takes any more."""
    connected.settimeout(0.2)
    with pytest.raises(TimeoutError):
        while True:
            connected.sendall(b"\0" * 65536)
    connected.settimeout(broker.CONFIRM_SECONDS)
