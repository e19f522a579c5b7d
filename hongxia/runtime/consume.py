"""The `consume` entrypoint: batches from a source's queue, applied with the cursor, healed from the feed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from eventlet.event import Event as Result
from eventlet.support.greenlets import GreenletExit
from kombu import Connection
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hongxia.database import is_infrastructure
from hongxia.events import cursor
from hongxia.events.broker import Taken, broker_errors, connection, discard
from hongxia.events.broker import consume as begin_to_consume
from hongxia.events.cursor import Consumer, Outcome, State
from hongxia.events.envelope import Event
from hongxia.events.feed import FeedAway
from hongxia.events.transport import BrokerAway
from hongxia.runtime import green
from hongxia.runtime.host import Host, Hosting

BATCH = 1000
CHECK_SECONDS = 5.0
IDLE_SECONDS = 1.0
LONGEST_WAIT = 5.0
_SOURCE = "hongxia_source"
IDS_A_LINE = 200
"""Docker cuts longer lines than 16 KiB in two."""


class Consume(Entrypoint):  # type: ignore[misc]
    """Reads one source. The method is called with (session, events) inside the cursor's transaction."""

    hosting = Hosting()

    def __init__(self, source: str, **options: Any) -> None:
        self.source = source
        super().__init__(**options)

    def setup(self) -> None:
        """Make the consumer known, so that parked events can be replayed through it."""
        host = self.hosting.host
        host.consumers[self.source] = Consumer(host.database, self.source, self._handle, taken=self._log_taken)

    def start(self) -> None:
        """Begin."""
        self._running = True
        self.container.spawn_managed_thread(self._run, identifier=f"consume {self.source}")

    def stop(self) -> None:
        """Finish the batch at hand, no more."""
        self._running = False

    def _log_taken(self, events: Sequence[Event]) -> None:
        """Every correlation id once, so that what a request led to is found in the log of each consumer."""
        log = self.hosting.host.log.bind(source=self.source)
        ids = list(dict.fromkeys(event.correlationid for event in events))
        for first in range(0, len(ids), IDS_A_LINE):
            log.info("events taken", upto=events[-1].position, correlationids=ids[first : first + IDS_A_LINE])

    def _handle(self, session: Session, events: Sequence[Event]) -> None:
        done = Result()

        def on_result(_context: Any, error: Exception | None, exc_info: Any) -> tuple[Any, Any]:
            done.send((error, exc_info))
            return error, exc_info

        try:
            self.container.spawn_worker(self, (session, events), {}, handle_result=on_result)
        except ContainerBeingKilled:
            # Not the event's fault: end here, with the transaction, instead of parking it.
            raise GreenletExit from None
        error, exc_info = done.wait()
        if exc_info:
            raise exc_info[1]
        if error is not None:
            raise error

    def _run(self) -> None:
        reading = Reading(self.hosting.host, self.source, lambda: self._running)
        while self._running:
            reading.until_the_broker_goes()
            reading.without_the_broker()


class Reading:
    """The loop of one consumer: take, apply, acknowledge; look at the head now and then; wait out what is away."""

    def __init__(self, host: Host, source: str, running: Callable[[], bool]) -> None:
        self.host = host
        self.source = source
        self.running = running
        self.consumer = host.consumers[source]
        self.feed = host.feed(source)
        self.next_check = 0.0
        self.wait = 0.1
        self.flowing = False

    def until_the_broker_goes(self) -> None:
        """Read from the queue for as long as the broker is there. A new connection first looks at the head."""
        active = self.host.metrics.consumer_active.labels(self.source)
        link = connection(self.host.settings.amqp_uri)
        mailbox = green.Mailbox()
        reader = None
        try:
            with broker_errors(link):
                link.connect()
                begin_to_consume(link, self.host.name, self.source, mailbox.put)
            active.set(1)
            self.next_check, self.wait, self.flowing = 0.0, 0.1, False
            reader = green.spawn(lambda: _read(link, mailbox))
            self._take_batches(link, mailbox)
        except BrokerAway as error:
            self.host.log.warning("broker away", source=self.source, error=str(error))
        finally:
            active.set(0)
            if reader is not None:
                reader.kill()
            discard(link)

    def without_the_broker(self) -> None:
        """The feed does not need the broker: go on with it, and try again after a growing while."""
        if self.running():
            self._check_if_due()
            green.sleep(self.wait)
            self.wait = min(LONGEST_WAIT, self.wait * 2)

    def _take_batches(self, link: Connection, mailbox: green.Mailbox) -> None:
        while self.running():
            self._check_if_due()
            taken = mailbox.take(BATCH, IDLE_SECONDS)
            lost = next((item for item in taken if isinstance(item, BrokerAway)), None)
            if lost is not None:
                raise lost
            with broker_errors(link):
                if taken:
                    self._receive(Taken(taken, self.host.name))
                else:
                    link.heartbeat_check()

    def _receive(self, taken: Taken) -> None:
        """Apply and acknowledge; while the database is away, wait with the same messages in hand."""
        wait = 0.1
        while self.running():
            try:
                outcome = cursor.receive(self.consumer, self.host.context(), taken)
            except SQLAlchemyError as error:
                if not is_infrastructure(error):
                    self.host.log.error("batch failed", source=self.source, error=type(error).__name__)
                green.sleep(wait)
                wait = min(LONGEST_WAIT, wait * 2)
                continue
            self._note(outcome)
            self.flowing = outcome.state is State.LEVEL and outcome.applied > 0
            if outcome.state is State.GAP:
                self.next_check = 0.0
            return

    def _check_if_due(self) -> None:
        if time.monotonic() < self.next_check:
            return
        self.next_check = time.monotonic() + CHECK_SECONDS
        flowing, self.flowing = self.flowing, False
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
        if outcome.parked:
            self.host.log.error("events parked", source=source, count=outcome.parked)
        if outcome.state is State.DIVERGED:
            self.host.log.error("source diverged", source=source)


def _read(link: Connection, mailbox: green.Mailbox) -> None:
    try:
        with broker_errors(link):
            while True:
                link.drain_events()
    except BrokerAway as error:
        mailbox.put(error)


def consume(source: str) -> Callable[[Callable[..., None]], Callable[..., Any]]:
    """Make a method the consumer of a source: `method(self, session, events)`, events consecutive and in order.

    What the method writes and appends is committed with the cursor. What it raises parks the event at fault;
    nameko's own log of the worker's error would hold its text, so the error is handed back, not raised.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., Any]:
        @wraps(function)
        def handed_back(self: Any, session: Session, events: Sequence[Event]) -> Exception | None:
            try:
                function(self, session, events)
            except Exception as error:  # noqa: BLE001 - handed to the step that parks or raises it
                return error
            return None

        setattr(handed_back, _SOURCE, source)
        entrypoint: Callable[..., Any] = Consume.decorator(source)(handed_back)
        return entrypoint

    return decorate


def consumers_of(service: type) -> dict[str, Callable[..., None]]:
    """Return the methods that consume a source, by source, as they were written: (self, session, events)."""
    members = (getattr(service, name) for name in dir(service))
    return {getattr(member, _SOURCE): member.__wrapped__ for member in members if hasattr(member, _SOURCE)}
