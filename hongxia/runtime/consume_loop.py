"""The loop of one consumer: batches from a source's queue, applied with the cursor, healed from the feed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from kombu import Connection
from kombu.message import Message
from sqlalchemy.exc import SQLAlchemyError

from hongxia.database import is_infrastructure
from hongxia.events import broker, cursor
from hongxia.events.broker import MessageBatch, broker_errors
from hongxia.events.cursor import Consumer, Outcome, State
from hongxia.events.feed import Feed, FeedAway
from hongxia.events.transport import BrokerAway
from hongxia.metrics import UNKNOWN
from hongxia.runtime import green
from hongxia.runtime.backoff import Backoff
from hongxia.runtime.host import Host

BATCH = 1000
CHECK_SECONDS = 5.0
IDLE_SECONDS = 1.0
FEED_SECONDS = 90.0
"""How long a feed may take for one answer: its own timeout begins anew with every byte."""
LOOK_AFTER_SECONDS = 60.0
"""How often queues and bindings are declared anew, and dead letters counted."""
HOLD_SECONDS = 2.0
"""How long messages wait for the signed head that proves them."""


class ConsumeLoop:
    """Take, apply, acknowledge; look at the source's head now and then; wait out what is away."""

    def __init__(self, host: Host, consumer: Consumer, feed: Feed) -> None:
        self.host = host
        self.source = consumer.source
        self.consumer = consumer
        self.feed: Feed = BoundedFeed(feed)
        self._running = True
        self._next_check = 0.0
        self._broker_backoff = Backoff()
        self._flowing = False

    def stop(self) -> None:
        """Finish the batch at hand, no more."""
        self._running = False

    def run(self) -> None:
        """Consume until `stop`. No failure of a server ends it."""
        while self._running:
            self.until_the_broker_goes()
            self.without_the_broker()

    def until_the_broker_goes(self) -> None:
        """Read from the queue for as long as the broker is there. A new connection first looks at the head."""
        active = self.host.metrics.consumer_active.labels(self.source)
        link = broker.connection(self.host.settings.amqp_uri)
        mailbox = green.Mailbox()
        reader = caretaker = None
        end: Callable[[Connection], None] = broker.discard
        try:
            with broker_errors(link):
                broker.connect(link)
                broker.consume(link, self.host.name, self.source, mailbox.put)
                broker.allow_silence(link, broker.SILENCE_SECONDS)
            active.set(1)
            self._broker_backoff.reset()
            self._next_check, self._flowing = 0.0, False
            reader = green.spawn(lambda: _read(link, mailbox))
            caretaker = green.spawn(self._look_after)
            self._take_batches(link, mailbox)
            end = broker.farewell
        except BrokerAway as error:
            self.host.log.warning("broker away", source=self.source, error=str(error))
        finally:
            active.set(0)
            for thread in (reader, caretaker):
                if thread is not None:
                    thread.kill()
            self.host.metrics.dead_waiting.set(UNKNOWN)
            end(link)

    def without_the_broker(self) -> None:
        """The feed does not need the broker: go on with it, and try again after a growing while."""
        if self._running:
            self._check_if_due()
            green.sleep(self._broker_backoff.next())

    def _take_batches(self, link: Connection, mailbox: green.Mailbox) -> None:
        hand = Hand()
        while self._running:
            self._check_if_due()
            taken = mailbox.take(BATCH, IDLE_SECONDS)
            lost = next((item for item in taken if isinstance(item, BrokerAway)), None)
            if lost is not None:
                raise lost
            ready = hand.ready(taken)
            with broker_errors(link):
                if ready:
                    self._receive(link, MessageBatch(ready, self.host.name))
                elif not taken:
                    link.heartbeat_check()

    def _receive(self, link: Connection, taken: MessageBatch) -> None:
        """Apply and acknowledge; while the database is away, wait with the same messages in hand. Raises BrokerAway."""
        backoff = Backoff()
        while self._running:
            try:
                outcome = cursor.receive(self.consumer, self.host.context(), taken)
            except SQLAlchemyError as error:
                if not is_infrastructure(error):
                    self.host.log.error("batch failed", source=self.source, error=type(error).__name__)
                green.sleep(backoff.next())
                link.heartbeat_check()
                continue
            self._note(outcome)
            self._flowing = outcome.state is State.LEVEL and outcome.applied > 0
            if outcome.state is State.GAP:
                self._next_check = 0.0
            return

    def _look_after(self) -> None:
        """Now and then put back what was unbound or deleted, which nothing else would notice where events are rare."""
        while True:
            try:
                waiting: float = broker.look_after(self.host.settings.amqp_uri, self.host.name, self.source)
            except BrokerAway as error:
                self.host.log.warning("queues not looked after", source=self.source, error=str(error))
                waiting = UNKNOWN
            self.host.metrics.dead_waiting.set(waiting)
            green.sleep(LOOK_AFTER_SECONDS)

    def _check_if_due(self) -> None:
        if time.monotonic() < self._next_check:
            return
        self._next_check = time.monotonic() + CHECK_SECONDS
        flowing, self._flowing = self._flowing, False
        try:
            outcome = cursor.check(self.consumer, self.host.context(), self.feed, flowing=flowing)
        except FeedAway as error:
            self.host.log.warning("feed away", source=self.source, error=str(error))
            return
        except SQLAlchemyError as error:
            self.host.log.warning("database away", source=self.source, error=type(error).__name__)
            return
        self.host.metrics.healed.labels(self.source).inc(outcome.applied + outcome.parked)
        self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        metrics, source = self.host.metrics, self.source
        metrics.applied.labels(source).inc(outcome.applied)
        metrics.duplicates.labels(source).inc(outcome.duplicates)
        metrics.dead.labels(source).inc(outcome.dead)
        metrics.unproved.labels(source).inc(outcome.unproved)
        if outcome.parked:
            self.host.log.error("events parked", source=source, count=outcome.parked)
        if outcome.state is State.DIVERGED:
            self.host.log.error("source diverged", source=source)


class Hand:
    """Messages that wait for the signed head which proves them; of a batch, the last message has it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._held: list[Message] = []
        self._since = 0.0

    def ready(self, taken: Sequence[Message]) -> list[Message]:
        """Return the messages up to the last one with a head, and keep the rest for the next time. What has waited for
        HOLD_SECONDS, or keeps others from coming, is returned without one: the feed shall tell.
        """
        now = self._monotonic()
        if not self._held:
            self._since = now
        messages = [*self._held, *taken]
        signed = [index for index, message in enumerate(messages) if broker.head_of(message) is not None]
        upto = signed[-1] + 1 if signed else 0
        if upto == 0 and (len(messages) >= broker.PREFETCH or now - self._since >= HOLD_SECONDS):
            upto = len(messages)
        elif upto:
            self._since = now
        self._held = messages[upto:]
        return messages[:upto]


class BoundedFeed:
    """A Feed each answer of which comes within FEED_SECONDS, or FeedAway is raised."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def head(self, *asked: Any, **more: Any) -> Any:
        """See Feed."""
        return _in_time(lambda: self._feed.head(*asked, **more))

    def page(self, *asked: Any, **more: Any) -> Any:
        """See Feed."""
        return _in_time(lambda: self._feed.page(*asked, **more))


def _in_time(ask: Callable[[], Any]) -> Any:
    with green.at_most(FEED_SECONDS):
        return ask()
    raise FeedAway("no answer in time")


def _read(link: Connection, mailbox: green.Mailbox) -> None:
    try:
        with broker_errors(link):
            while True:
                link.drain_events()
    except BrokerAway as error:
        mailbox.put(error)
