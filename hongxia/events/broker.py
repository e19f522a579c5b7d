"""The broker: a publisher that tracks confirms by delivery tag, and what a consumer is given.

Works on `pyamqp://` (RabbitMQ) and on kombu's `memory://`. No wait in here is without a bound.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import Any

from amqp import Connection as AmqpConnection
from amqp import spec
from amqp.exceptions import AMQPError, ContentTooLarge, PreconditionFailed
from kombu import Connection, Consumer
from kombu.message import Message as Received

from hongxia.events import topology
from hongxia.events.envelope import CONTENT_TYPE
from hongxia.events.topology import in_memory
from hongxia.events.transport import BrokerAway, Message
from hongxia.events.wire import HEAD, EventMessage, corked, quicken, signed_message

PREFETCH = 2000
CONFIRM_SECONDS = 10.0
HEARTBEAT_SECONDS = 20
SILENCE_SECONDS = 2.0 * HEARTBEAT_SECONDS
"""How long a broker that sends heartbeats may say nothing before its connection counts as dead."""
FAREWELL_SECONDS = 2.0
TICK_SECONDS = 1.0
"""How often a publisher that waits sees to its heartbeats; those of a broker that lives come every ten seconds."""
POLL_SECONDS = 0.02
"""How often kombu's memory transport looks for messages; its own default of a second lets 11 events/s through."""


def connection(uri: str) -> Connection:
    """A connection that is not open yet."""
    if uri.startswith("memory:"):
        return Connection(uri, transport_options={"polling_interval": POLL_SECONDS})
    return Connection(uri, heartbeat=HEARTBEAT_SECONDS, connect_timeout=5)


def connect(link: Connection) -> None:
    """Open a connection whose every single read or write raises TimeoutError after CONFIRM_SECONDS: a broker in an
    alarm reads nothing, and a firewall that forgot a connection answers nothing, so that either could take for ever.
    Raises what the transport does. kombu's own `connect` would wait two seconds and try once more; how long to wait is
    for the caller to say.
    """
    link.ensure_connection(max_retries=1, interval_start=0, interval_step=0, reraise_as_library_errors=False)
    allow_silence(link, CONFIRM_SECONDS)


def allow_silence(link: Connection, seconds: float) -> None:
    """Say how long each single read or write of an open connection may take."""
    transport = getattr(link.connection, "transport", None)
    if transport is not None and transport.sock is not None:
        transport.sock.settimeout(seconds)


@contextmanager
def broker_errors(open_connection: Connection) -> Iterator[None]:
    """Turn what the transport raises into BrokerAway."""
    try:
        yield
    except (*open_connection.recoverable_connection_errors, AMQPError, OSError) as error:
        raise BrokerAway(type(error).__name__) from error


class Confirms:
    """Which published messages the broker has answered, by delivery tag; acks may come late, out of order, and for
    many at once.
    """

    def __init__(self) -> None:
        self.outstanding: deque[int] = deque()
        self.answers: dict[int, bool] = {}
        self.returned = 0
        self.lowest_refused: int | None = None

    def sent(self, tag: int) -> None:
        """A message went out under this tag."""
        self.outstanding.append(tag)

    def on_ack(self, delivery_tag: int, multiple: bool) -> None:
        """The broker has taken charge of it."""
        self._answer(delivery_tag, multiple, True)

    def on_nack(self, delivery_tag: int, multiple: bool) -> None:
        """The broker could not take it."""
        self._answer(delivery_tag, multiple, False)

    def on_return(self, *_message: Any) -> None:
        """No queue took it. Consumers that come later pull it from the feed, so that it counts as sent."""
        self.returned += 1

    def _answer(self, tag: int, multiple: bool, taken: bool) -> None:
        if not multiple:
            self.answers[tag] = taken
        else:
            for open_tag in takewhile(lambda open_tag: open_tag <= tag, self.outstanding):
                self.answers.setdefault(open_tag, taken)

    def settle(self) -> int:
        """Take the answered messages off the front; returns how many of them, up to the first refused, are confirmed.

        What lies behind a message without an answer waits for it, since messages are marked in order.
        """
        confirmed = 0
        while self.outstanding and self.outstanding[0] in self.answers:
            tag = self.outstanding.popleft()
            if not self.answers.pop(tag) and self.lowest_refused is None:
                self.lowest_refused = tag
            confirmed += self.lowest_refused is None
        return confirmed


REFUSALS = (PreconditionFailed, ContentTooLarge)
"""How a broker closes a channel because of one message, for instance one that is larger than it takes. (To refuse them
all, for lack of permission or of an exchange, it uses other codes: then waiting for an operator is right.)
"""


def ignore(*_notice: object) -> None:
    """Where nobody wants to know."""


class Publisher:
    """A Transport over one channel to a source's own exchange. Opens itself at the first use and again after an error.

    `on_refused` is given each message that the broker does not take, and why: it counts as sent, since consumers find
    it in the feed. `on_blocked` is told when the broker stops reading because it is short of memory or disk, and when
    it reads on.

    After a fault the first message goes out alone, and the others once it is confirmed; after a refusal so does each
    of those among which the refused one is. So a broker that is in trouble gets one message a try, not all of them.
    """

    def __init__(
        self,
        uri: str,
        source: str,
        on_refused: Callable[[Message, str], object] = ignore,
        on_blocked: Callable[[bool], object] = ignore,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._uri = uri
        self._exchange = topology.events_exchange(source)
        self._on_refused = on_refused
        self._on_blocked = on_blocked
        self._monotonic = monotonic
        self._connection: Connection | None = None
        self._channel: Any = None
        self._confirms = Confirms()
        self._tag = 0
        self._settled = 0
        self._alone = 0
        self.blocked = False
        """Whether the broker has said that it does not read what is published."""

    @property
    def connected(self) -> bool:
        """Whether the channel is open, as far as is known."""
        return self._channel is not None

    def open(self) -> None:
        """Connect and see that the exchange is there. Raises BrokerAway."""
        if self._channel is not None:
            return
        self._connection = connection(self._uri)
        with self._errors():
            connect(self._connection)
            topology.ensure(self._connection, self._exchange)
            channel = self._connection.channel()
            self._confirms, self._tag = Confirms(), 0
            if not in_memory(channel):
                quicken(channel.connection)
                channel.connection.on_blocked = lambda _reason: self._note_blocked(True)
                channel.connection.on_unblocked = lambda: self._note_blocked(False)
                channel.confirm_select()
                channel.events["basic_ack"].add(self._confirms.on_ack)
                channel.events["basic_nack"].add(self._confirms.on_nack)
                channel.events["basic_return"].add(self._confirms.on_return)
            self._channel = channel

    def publish(self, messages: Sequence[Message]) -> int:
        """See Transport. A message that the broker does not take for the moment, or does not answer within
        CONFIRM_SECONDS, ends the confirmed stretch, and the connection is given up, so that late answers can't be taken
        for another message's. While the broker has an alarm, it is waited for with what was sent, and nothing is sent
        again.
        """
        done = 0
        try:
            while done < len(messages):
                batch = messages[done : done + 1] if self._alone else messages[done:]
                settled = self._send(batch)
                done += settled
                if settled < len(batch) and self.connected:
                    self.give_up()
                    break
        except BrokerAway:
            done += self._settled
            if not done:
                raise
        return done

    def take_returned(self) -> int:
        """How many messages no queue took since this was last asked."""
        returned, self._confirms.returned = self._confirms.returned, 0
        return returned

    def heartbeat(self) -> None:
        """Keep an idle connection alive and find out that it is dead. Raises BrokerAway."""
        if self._connection is None or self._channel is None or in_memory(self._channel):
            return
        with self._errors():
            # What the broker sent counts for py-amqp only once it is read.
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=0)
            self._connection.heartbeat_check()

    def close(self) -> None:
        """Close the connection in good order; the next publish opens a new one."""
        open_connection, self._connection, self._channel = self._connection, None, None
        self._note_blocked(False)
        if open_connection is not None:
            farewell(open_connection, self._monotonic)

    def give_up(self) -> None:
        """Close the connection at once; the next publish opens a new one, and begins with one message."""
        broken, self._connection, self._channel = self._connection, None, None
        self._alone = max(self._alone, 1)
        self._note_blocked(False)
        if broken is not None:
            discard(broken)

    def _put(self, messages: Sequence[Message]) -> int:
        """In memory there is nobody to confirm."""
        for message in messages:
            headers = {} if message.head is None else {HEAD: message.head}
            prepared = self._channel.prepare_message(message.body, content_type=CONTENT_TYPE, headers=headers)
            self._channel.basic_publish(prepared, self._exchange.name, message.routing_key)
        return len(messages)

    def _send(self, messages: Sequence[Message]) -> int:
        """Send and wait; returns how many are settled: confirmed, or refused for good. Where it raises BrokerAway,
        those that were confirmed until then are counted in `_settled`.
        """
        self._settled = 0
        self.open()
        if in_memory(self._channel):
            return self._put(messages)
        try:
            with self._errors():
                while self.blocked:
                    self._read(TICK_SECONDS)
                self._write(messages)
                self._await()
        except BrokerAway as error:
            if not isinstance(error.__cause__, REFUSALS):
                raise
            return self._find_refused(messages, error.__cause__)
        self._alone = max(0, self._alone - self._settled)
        return self._settled

    def _find_refused(self, messages: Sequence[Message], error: AMQPError) -> int:
        """The broker closes the channel without saying for which message: what was on its way goes out one by one."""
        if len(messages) > 1:
            self._alone = len(messages) - self._settled
            return self._settled
        self._alone -= 1
        self._on_refused(messages[0], str(error.reply_text or type(error).__name__))
        return 1

    def _write(self, messages: Sequence[Message]) -> None:
        with corked(self._channel.connection):
            for message in messages:
                self._tag += 1
                self._confirms.sent(self._tag)
                event = EventMessage(message.body) if message.head is None else signed_message(message)
                self._channel.basic_publish(event, self._exchange.name, message.routing_key, mandatory=True)

    def _await(self) -> None:
        """Read frame by frame until all is answered or CONFIRM_SECONDS are over: py-amqp's `drain_events` begins its
        timeout anew with each frame, and a broker that confirms nothing may still send heartbeats. The time does not
        run while the broker has an alarm.
        """
        deadline = self._monotonic() + CONFIRM_SECONDS
        self._settled += self._confirms.settle()
        while self._confirms.outstanding:
            now = self._monotonic()
            if self.blocked:
                deadline = now + CONFIRM_SECONDS
            elif now >= deadline:
                return
            self._read(min(deadline - now, TICK_SECONDS))
            self._settled += self._confirms.settle()

    def _read(self, seconds: float) -> None:
        """Take one frame, if one comes in time. Raises what the transport does once heartbeats are missing."""
        assert self._connection is not None
        try:
            self._channel.connection.blocking_read(seconds)
        except TimeoutError:
            self._connection.heartbeat_check()

    def _note_blocked(self, blocked: bool) -> None:
        if blocked is not self.blocked:
            self.blocked = blocked
            self._on_blocked(blocked)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        assert self._connection is not None
        try:
            with broker_errors(self._connection):
                yield
        except BrokerAway:
            self.give_up()
            raise


def discard(broken: Connection) -> None:
    """Close the socket of a connection that failed, without a farewell: whoever waited for the answer to one would wait
    for ever where the broker reads nothing. What that raises says nothing new.
    """
    with suppress(Exception):
        broken.collect()


def farewell(link: Connection, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Close a connection in good order, so that the broker logs no fault; it may take FAREWELL_SECONDS to answer."""
    with suppress(Exception):
        if link.connected and isinstance(link.connection, AmqpConnection):
            allow_silence(link, FAREWELL_SECONDS)
            _send_close(link.connection, monotonic)
    discard(link)


def _send_close(connection: AmqpConnection, monotonic: Callable[[], float]) -> None:
    deadline = monotonic() + FAREWELL_SECONDS
    connection.send_method(spec.Connection.Close, "BsBB", (0, "", 0, 0))
    while connection.connected and (left := deadline - monotonic()) > 0:
        connection.blocking_read(left)


class MessageBatch:
    """The Deliveries that kombu gave, in the order in which they came."""

    def __init__(self, messages: Sequence[Received], consumer: str) -> None:
        self._messages = messages
        self._consumer = consumer
        self.bodies: Sequence[bytes] = [m.body.encode() if isinstance(m.body, str) else bytes(m.body) for m in messages]
        self.heads: Sequence[str | None] = [head_of(message) for message in messages]

    def acknowledge(self) -> None:
        """See Deliveries. kombu's memory transport knows no `multiple`."""
        waiting = [message for message in self._messages if not message.acknowledged]
        if waiting and in_memory(waiting[-1].channel):
            for message in waiting:
                message.ack()
        elif waiting:
            waiting[-1].ack(multiple=True)

    def dead_letter(self, index: int) -> None:
        """See Deliveries. kombu's memory transport knows no dead-letter exchange."""
        message = self._messages[index]
        if in_memory(message.channel):
            prepared = message.channel.prepare_message(self.bodies[index])
            message.channel.basic_publish(prepared, topology.dead_exchange(self._consumer).name, self._consumer)
        message.reject(requeue=False)


def head_of(message: Received) -> str | None:
    """Return the signed head that came with a message, as JSON."""
    head = (message.headers or {}).get(HEAD)
    return head if isinstance(head, str) else None


def consume(
    open_connection: Connection, consumer: str, source: str, on_message: Callable[[Received], None]
) -> Consumer:
    """Declare the queues of (consumer, source) and begin to take from the source's. Raises what the transport does."""
    topology.declare(open_connection, consumer, source)
    channel = open_connection.channel()
    if not in_memory(channel):
        quicken(channel.connection)
    subscription = Consumer(
        channel,
        [topology.source_queue(consumer, source)],
        on_message=on_message,
        prefetch_count=PREFETCH,
        auto_declare=False,
    )
    subscription.consume()
    return subscription


def look_after(uri: str, consumer: str, source: str) -> int:
    """Declare and bind anew what somebody may have deleted or unbound while the consumer stayed connected; returns how
    many dead letters wait. Takes a connection of its own, for a moment. Raises BrokerAway.
    """
    link = connection(uri)
    end: Callable[[Connection], None] = discard
    try:
        with broker_errors(link):
            connect(link)
            topology.declare(link, consumer, source)
            waiting = topology.waiting_dead_letters(link, consumer)
        end = farewell
    finally:
        end(link)
    return waiting
