"""Sends what has a number, beside the loop that numbers: a broker may be silent, slow or in an alarm for hours."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from hongxia.database import is_infrastructure
from hongxia.events import relay
from hongxia.events.broker import Publisher
from hongxia.events.transport import BrokerAway, Message
from hongxia.runtime import green
from hongxia.runtime.backoff import Backoff
from hongxia.runtime.host import Host

IDLE_SECONDS = 1.0
"""How often it looks for something to send that no bell told, and sees to its heartbeats."""
LONGEST_SECONDS = 300.0
"""The longest wait for a broker that takes connections and confirms nothing: each try leaves a message with it."""
END_SECONDS = 2.0
"""How long a batch at hand may take to be finished when the loop ends."""


class Sender:
    """Publishes until `end`, in a green thread of its own, with a connection of its own. No failure of a server ends
    it; an error of the code does, and whoever numbers is to look for it.
    """

    def __init__(self, host: Host) -> None:
        self.bell = green.Bell()
        self._host = host
        self._running = True
        self._error: Exception | None = None
        self._server_backoff = Backoff()
        self._confirm_backoff = Backoff(1.0, LONGEST_SECONDS)
        self._publisher = Publisher(host.settings.amqp_uri, host.name, self._note_refused, self._note_blocked)
        host.publisher_connected = lambda: self._publisher.connected
        host.publisher_blocked = lambda: self._publisher.blocked
        self._thread: Any = green.spawn(self._run)

    def raise_what_ended_it(self) -> None:
        """Raise the error of the code that ended it, if one did."""
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Let it finish the batch at hand, for a moment, and close its connection."""
        self._running = False
        self.bell.ring()
        with green.at_most(END_SECONDS):
            self._thread.wait()
            return
        self._thread.kill()
        self._publisher.give_up()

    def _run(self) -> None:
        try:
            while self._running:
                wait = self._send()
                if wait:
                    self.bell.wait(wait)
            self._publisher.close()
        except Exception as error:  # noqa: BLE001 - raised by whoever numbers
            self._error = error
            self._publisher.give_up()

    def _send(self) -> float:
        """Publish one batch; returns how long to wait before the next, in seconds."""
        host, publisher = self._host, self._publisher
        try:
            publisher.open()
            self._server_backoff.reset()
        except BrokerAway as error:
            host.log.warning("broker away", error=str(error))
            return self._server_backoff.next()
        try:
            published = relay.publish(host.database, publisher, host.context(), host.sign_head)
            if not published and publisher.connected:
                publisher.heartbeat()
        except BrokerAway as error:
            host.log.warning("broker away", error=str(error))
            return self._confirm_backoff.next()
        except SQLAlchemyError as error:
            if not is_infrastructure(error):
                host.log.error("sending failed", error=type(error).__name__)
            return self._server_backoff.next()
        return self._note(published)

    def _note(self, published: int) -> float:
        host, publisher = self._host, self._publisher
        host.metrics.published.inc(published)
        host.metrics.returned.inc(publisher.take_returned())
        if published:
            self._confirm_backoff.reset()
        if not publisher.connected:
            host.log.warning("broker does not confirm", published=published)
            return self._confirm_backoff.next()
        return 0.0 if published >= relay.BATCH else IDLE_SECONDS

    def _note_refused(self, message: Message, reason: str) -> None:
        """It is not sent again, so this line is all that tells; consumers find the event in the feed."""
        self._host.metrics.refused.inc()
        self._host.log.error("event refused by the broker", position=message.position, reason=reason)

    def _note_blocked(self, blocked: bool) -> None:
        self._host.metrics.broker_blocked.set(blocked)
        self._host.log.warning("broker blocked" if blocked else "broker no longer blocked")
