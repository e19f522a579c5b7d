"""What there is at the broker: an exchange per source, a queue per (consumer, source), dead letters per consumer.

A deployment's definitions make the exchanges, and let each be written by its owner alone; where nobody gave
definitions, the services make them.
"""

from __future__ import annotations

from typing import Any

from amqp.exceptions import PreconditionFailed
from kombu import Connection, Exchange, Queue
from kombu.transport.virtual import Channel as VirtualChannel

DELIVERY_LIMIT = 1_000_000
"""How often a message may come back before the broker moves it to the dead letters. RabbitMQ 4 does so after 20 times,
which a process that dies again and again reaches with events that are good. The limit can't be switched off everywhere.
"""

DEAD_LETTERS = 10_000
DEAD_DAYS = 30
"""How many dead letters are kept, and for how long: whoever floods a queue does not fill the broker's disk."""


def events_exchange(source: str) -> Exchange:
    """Where a source publishes its events, and nobody else may."""
    return Exchange(f"{source}.events", "topic", durable=True)


def dead_exchange(consumer: str) -> Exchange:
    """By what way a consumer's dead letters get into their queue."""
    return Exchange(f"{consumer}.dead", "direct", durable=True)


def dead_queue(consumer: str) -> Queue:
    """Where a consumer's messages go that are no events."""
    arguments = {
        "x-queue-type": "quorum",
        "x-max-length": DEAD_LETTERS,
        "x-message-ttl": DEAD_DAYS * 24 * 3600 * 1000,
    }
    bound = _made_elsewhere(dead_exchange(consumer))
    return Queue(f"{consumer}.dead", bound, consumer, durable=True, queue_arguments=arguments)


def source_queue(consumer: str, source: str) -> Queue:
    """The one queue of (consumer, source): durable, quorum, one active consumer, replicas standing by."""
    arguments = {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": dead_exchange(consumer).name,
        "x-dead-letter-routing-key": consumer,
    }
    bound = _made_elsewhere(events_exchange(source))
    return Queue(f"{consumer}.{source}", bound, f"{source}.#", durable=True, queue_arguments=arguments)


def _made_elsewhere(exchange: Exchange) -> Exchange:
    return Exchange(exchange.name, exchange.type, durable=True, no_declare=True)


def declare(link: Connection, consumer: str, source: str) -> None:
    """See that both exchanges, both queues and their bindings are there. Raises what the transport does."""
    for exchange in (events_exchange(source), dead_exchange(consumer)):
        ensure(link, exchange)
    _declare_dead_queue(link, dead_queue(consumer))
    _declare_source_queue(link, source_queue(consumer, source))


def ensure(link: Connection, exchange: Exchange) -> None:
    """See that an exchange is there. To declare one takes the right to delete it, which a service need not have:
    where an administrator made the exchanges, looking is enough.
    """
    try:
        with link.channel() as channel:
            exchange(channel).declare(passive=True)
    except link.channel_errors:
        with link.channel() as channel:
            exchange(channel).declare()


def _declare_source_queue(link: Connection, queue: Queue) -> None:
    """A queue that another release made with other arguments is made anew: the feed has whatever it held."""
    try:
        with link.channel() as channel:
            queue(channel).declare()
    except PreconditionFailed:
        with link.channel() as channel:
            queue(channel).delete()
            queue(channel).declare()


def _declare_dead_queue(link: Connection, queue: Queue) -> None:
    """A queue that another release made with other arguments is left as it is: no feed has what it holds."""
    try:
        with link.channel() as channel:
            queue(channel).queue_declare()
    except PreconditionFailed:
        pass
    with link.channel() as channel:
        queue(channel).queue_bind()


def waiting_dead_letters(link: Connection, consumer: str) -> int:
    """How many dead letters of a consumer wait for somebody to look at them. Raises what the transport does."""
    with link.channel() as channel:
        found: Any = channel.queue_declare(dead_queue(consumer).name, passive=True)
        return int(found.message_count)


def in_memory(channel: Any) -> bool:
    """Whether a channel leads to kombu's broker in memory, which lacks confirms and dead-letter exchanges."""
    return isinstance(channel, VirtualChannel)
