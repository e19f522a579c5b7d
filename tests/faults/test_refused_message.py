"""A message that RabbitMQ does not take: it is named and left out, and the others arrive once or twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from hongxia.events import broker
from hongxia.events.broker import Publisher
from hongxia.events.transport import Message
from tests.servers import PrivateRabbitMQ, RabbitMQ, wait_until

LARGEST = 20_000


@pytest.fixture
def strict(rabbitmq: RabbitMQ) -> Iterator[str]:
    """A broker that takes no message over LARGEST bytes."""
    if not isinstance(rabbitmq, PrivateRabbitMQ):
        pytest.skip("a given broker is not ours to configure")
    usual = rabbitmq.rabbitmqctl("eval", "{ok, Most} = application:get_env(rabbit, max_message_size), Most.").strip()
    rabbitmq.rabbitmqctl("eval", f"application:set_env(rabbit, max_message_size, {LARGEST}).")
    yield rabbitmq.fresh_uri()
    rabbitmq.rabbitmqctl("eval", f"application:set_env(rabbit, max_message_size, {usual}).")


@pytest.mark.parametrize("place", [1, 4, 10])
def test_a_message_that_is_too_large_neither_holds_back_the_others_nor_resends_them(strict: str, place: int) -> None:
    received: list[bytes] = []
    link = broker.connection(strict)
    broker.connect(link)
    broker.consume(link, "ledger", "origin", lambda message: received.append(bytes(message.body)))
    bodies = [b"%d" % number + b" " * (30_000 if number == place else 100) for number in range(1, 11)]
    messages = [Message("origin.thing.changed", body, position=position) for position, body in enumerate(bodies, 1)]
    named: list[int] = []
    publisher = Publisher(strict, "origin", lambda message, _reason: named.append(message.position))
    done = 0
    while done < len(messages):
        done += publisher.publish(messages[done:])

    def arrived() -> bool:
        link.drain_events(timeout=5)
        return len(set(received)) == len(messages) - 1

    wait_until(arrived, 30, "all others arrive")
    assert named == [place]
    assert max(Counter(received).values()) <= 2
    publisher.close()
    broker.discard(link)
