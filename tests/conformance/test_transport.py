"""The transport: confirmed and in order to every consumer; given again if a connection is lost; dead letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from kombu import Queue
from kombu.exceptions import MessageStateError

from hongxia.events import broker, topology
from hongxia.events.transport import BrokerAway, Message
from tests.conformance.backends import DEADLINE_SECONDS, Broker, Subscription, transports_with
from tests.servers import wait_until

real_connections = pytest.mark.parametrize("transport", transports_with("outlives_connections"), indirect=True)
refusing = pytest.mark.parametrize("transport", transports_with("refuses"), indirect=True)


def messages(transport: Broker, *bodies: bytes) -> list[Message]:
    return [Message(f"{transport.source}.thing.changed", body) for body in bodies]


def numbered(first: int, count: int) -> list[bytes]:
    return [str(number).encode() for number in range(first, first + count)]


def send(transport: Broker, *bodies: bytes) -> int:
    return transport.publisher().publish(messages(transport, *bodies))


def bodies(received: Sequence[Any]) -> list[bytes]:
    return list(broker.MessageBatch(received, "").bodies)


def take(subscription: Subscription, count: int) -> list[bytes]:
    """Wait for so many messages, and acknowledge all that came."""
    subscription.wait_for(count)
    deliveries = subscription.deliveries()
    deliveries.acknowledge()
    return list(deliveries.bodies)


def dead_letters(transport: Broker, count: int) -> list[bytes]:
    """The dead letters, once there are so many."""
    found: list[bytes] = []
    with broker.connection(transport.uri) as link, link.channel() as channel:
        queue = topology.dead_queue(transport.consumer)(channel)

        def arrived() -> bool:
            while (message := queue.get(no_ack=True)) is not None:
                found.extend(bodies([message]))
            return len(found) >= count

        wait_until(arrived, DEADLINE_SECONDS, f"{count} dead letters arrive")
    return found


@contextmanager
def full_queue(transport: Broker, places: int) -> Iterator[Callable[[], None]]:
    """A queue of the source that takes so many messages and refuses more; gives a function that empties it."""
    arguments = {"x-max-length": places, "x-overflow": "reject-publish"}
    with broker.connection(transport.uri) as link, link.channel() as channel:
        exchange = topology.events_exchange(transport.source)
        topology.ensure(link, exchange)
        name = f"full-{transport.source}"
        queue = Queue(name, exchange, f"{transport.source}.#", durable=True, queue_arguments=arguments)(channel)
        queue.declare()
        yield queue.purge
        queue.delete()


def test_what_is_published_is_confirmed_and_arrives_in_order(transport: Broker) -> None:
    subscription, publisher = transport.subscribe(), transport.publisher()
    assert publisher.publish(messages(transport, *numbered(0, 3))) == 3
    assert publisher.publish(messages(transport, *numbered(3, 200))) == 200
    assert publisher.publish([]) == 0
    assert take(subscription, 203) == numbered(0, 203)


def test_more_than_a_consumer_takes_at_once_arrives_in_order_too(transport: Broker) -> None:
    subscription, count = transport.subscribe(), broker.PREFETCH + 500
    assert send(transport, *numbered(0, count)) == count
    seen: list[bytes] = []
    while len(seen) < count:
        seen += take(subscription, 1)
    assert seen == numbered(0, count)


@pytest.mark.parametrize("body", [b"{}", "走访 \U00020bb7".encode(), bytes(range(256)), b"x" * 300_000])
def test_a_body_arrives_byte_for_byte(transport: Broker, body: bytes) -> None:
    subscription = transport.subscribe()
    send(transport, body)
    assert take(subscription, 1) == [body]


def test_a_message_waits_for_a_consumer_that_is_not_connected(transport: Broker) -> None:
    transport.subscribe().close()
    send(transport, b"one")
    assert take(transport.subscribe(), 1) == [b"one"]


def test_a_consumer_is_given_only_its_own_source(transport: Broker) -> None:
    subscription = transport.subscribe()
    publisher = transport.publisher()
    publisher.publish([Message("another.thing.changed", b"not for us"), *messages(transport, b"ours")])
    assert take(subscription, 1) == [b"ours"]


def test_every_consumer_of_a_source_is_given_each_message(transport: Broker) -> None:
    first = transport.subscribe()
    other = Broker(transport.uri, transport.features)
    other.source = transport.source
    second = other.subscribe()
    send(transport, b"one", b"two")
    assert [take(first, 2), take(second, 2)] == [[b"one", b"two"]] * 2
    other.close()


def test_a_message_that_no_queue_takes_counts_as_published_and_is_counted(transport: Broker) -> None:
    """Consumers that come later pull it from the feed."""
    publisher = transport.publisher()
    assert publisher.publish(messages(transport, b"one", b"two")) == 2
    assert publisher.take_returned() == (2 if transport.features.returns else 0)
    assert publisher.take_returned() == 0
    subscription = transport.subscribe()
    publisher.publish(messages(transport, b"three"))
    assert (take(subscription, 1), publisher.take_returned()) == ([b"three"], 0)


def test_what_is_acknowledged_is_given_once_and_the_rest_again_in_order(transport: Broker) -> None:
    """The connection is lost with messages in hand; where the broker keeps none of them, the feed has them."""
    first = transport.subscribe()
    send(transport, *numbered(0, 3))
    assert take(first, 3) == numbered(0, 3)
    send(transport, *numbered(3, 4))
    first.wait_for(4)
    first.break_off()
    second = transport.subscribe()
    send(transport, b"last")
    expected = [*(numbered(3, 4) if transport.features.redelivers else []), b"last"]
    assert take(second, len(expected)) == expected


def test_a_message_can_be_answered_once(transport: Broker) -> None:
    subscription = transport.subscribe()
    send(transport, b"one", b"two")
    subscription.wait_for(2)
    deliveries = subscription.deliveries()
    deliveries.acknowledge()
    deliveries.acknowledge()
    with pytest.raises(MessageStateError):
        deliveries.dead_letter(0)
    second = transport.subscribe()
    subscription.close()
    send(transport, b"three")
    assert take(second, 1) == [b"three"]


def test_a_refused_message_goes_to_the_dead_letters_and_the_others_do_not(transport: Broker) -> None:
    subscription = transport.subscribe()
    send(transport, b"one", b"bad \xff", b"three")
    subscription.wait_for(3)
    deliveries = subscription.deliveries()
    deliveries.dead_letter(1)
    deliveries.acknowledge()
    assert dead_letters(transport, 1) == [b"bad \xff"]
    send(transport, b"four")
    assert take(subscription, 1) == [b"four"]


def test_of_two_consumers_of_one_queue_one_is_given_all_and_the_other_takes_over(transport: Broker) -> None:
    """Without that feature the messages are shared out, and each still goes to one of them."""
    first, second = transport.subscribe(), transport.subscribe()
    send(transport, *numbered(0, 6))

    def arrived() -> bool:
        first.look(0.02)
        second.look(0.02)
        return len(first.received) + len(second.received) == 6

    wait_until(arrived, DEADLINE_SECONDS, "six messages arrive")
    assert sorted(bodies(first.received) + bodies(second.received)) == numbered(0, 6)
    if transport.features.single_active_consumer:
        assert bodies(first.received) == numbered(0, 6)
    first.deliveries().acknowledge()
    second.deliveries().acknowledge()
    first.close()
    send(transport, *numbered(6, 3))
    assert take(second, 3) == numbered(6, 3)


@real_connections
def test_a_publisher_whose_connection_is_lost_says_so_and_then_opens_a_new_one(transport: Broker) -> None:
    subscription, publisher = transport.subscribe(), transport.publisher()
    publisher.publish(messages(transport, b"one"))
    assert publisher.connected
    link: Any = publisher._connection
    link.connection.transport.sock.close()
    with pytest.raises(BrokerAway):
        publisher.publish(messages(transport, b"two"))
    assert not publisher.connected
    assert publisher.publish(messages(transport, b"two", b"three")) == 2
    assert take(subscription, 3) == [b"one", b"two", b"three"]


@real_connections
def test_an_idle_publisher_finds_out_that_its_connection_is_lost(transport: Broker) -> None:
    publisher = transport.publisher()
    publisher.open()
    publisher.heartbeat()
    link: Any = publisher._connection
    link.connection.transport.sock.close()
    with pytest.raises(BrokerAway):
        publisher.heartbeat()
    assert not publisher.connected


@refusing
def test_a_message_that_the_broker_refuses_ends_the_confirmed_stretch(transport: Broker) -> None:
    """A queue that is full refuses: what lies behind the refused message waits to be published again."""
    publisher = transport.publisher()
    with full_queue(transport, places=2) as empty:
        assert publisher.publish(messages(transport, *numbered(0, 5))) == 2
        assert not publisher.connected
        empty()
        assert publisher.publish(messages(transport, *numbered(2, 2))) == 2


def test_replicas_may_declare_the_same_queues_again(transport: Broker) -> None:
    for _ in range(3):
        transport.subscribe()
    send(transport, b"one")


def test_dead_letters_that_wait_are_counted(transport: Broker) -> None:
    subscription = transport.subscribe()
    assert broker.look_after(transport.uri, transport.consumer, transport.source) == 0
    send(transport, b"bad one", b"bad two")
    subscription.wait_for(2)
    deliveries = subscription.deliveries()
    deliveries.dead_letter(0)
    deliveries.dead_letter(1)

    def counted() -> bool:
        return broker.look_after(transport.uri, transport.consumer, transport.source) == 2

    wait_until(counted, DEADLINE_SECONDS, "two dead letters wait")


@real_connections
def test_a_binding_that_somebody_removed_is_put_back_while_the_consumer_stays_connected(transport: Broker) -> None:
    subscription = transport.subscribe()
    name = topology.source_queue(transport.consumer, transport.source).name
    with broker.connection(transport.uri) as link, link.channel() as channel:
        channel.queue_unbind(name, topology.events_exchange(transport.source).name, f"{transport.source}.#")
    publisher = transport.publisher()
    publisher.publish(messages(transport, b"lost"))
    assert publisher.take_returned() == 1
    broker.look_after(transport.uri, transport.consumer, transport.source)
    publisher.publish(messages(transport, b"one"))
    assert take(subscription, 1) == [b"one"]


@real_connections
@pytest.mark.parametrize("other", [{}, {"x-queue-type": "quorum", "x-dead-letter-exchange": "hongxia.dead"}])
def test_a_queue_that_another_release_declared_otherwise_is_made_anew(transport: Broker, other: dict[str, str]) -> None:
    name = topology.source_queue(transport.consumer, transport.source).name
    dead = topology.dead_queue(transport.consumer).name
    with broker.connection(transport.uri) as link, link.channel() as channel:
        for queue in (name, dead):
            channel.queue_declare(queue, durable=True, auto_delete=False, arguments=other)
    subscription = transport.subscribe()
    send(transport, b"one")
    assert take(subscription, 1) == [b"one"]
