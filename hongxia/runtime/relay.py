"""Drives the relay's steps: one active relay a service, woken by the commit, polling as a fallback."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from nameko.extensions import Extension
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from hongxia.database import is_infrastructure
from hongxia.events import feed, relay
from hongxia.events.outbox import CHANNEL
from hongxia.http import idempotency
from hongxia.runtime import green
from hongxia.runtime.backoff import Backoff
from hongxia.runtime.host import Host, Hosting
from hongxia.runtime.sending import Sender

POLL_SECONDS = 1.0
FORGET_EVERY = timedelta(hours=1)
LOCK = 7_201_921
"""The key of the advisory lock; such locks are apart for each database, so one key serves all services."""
BEAT_SECONDS = 2.0
"""How often the leader shows the database that it lives."""
OLDEST_SERVER = (14,)
"""The first PostgreSQL that ends sessions which do nothing."""


class LeadershipLost(Exception):
    """The connection that holds the relay's lock is gone, and the lock with it: another replica may relay now."""


class RelayRunner(Extension):  # type: ignore[misc]
    """Runs the relay for as long as the container lives."""

    hosting = Hosting()

    def start(self) -> None:
        """Begin."""
        self._loop = RelayLoop(self.hosting.host)
        self.container.spawn_managed_thread(self._loop.run, identifier="relay")

    def stop(self) -> None:
        """Finish the batch at hand, no more."""
        self._loop.stop()


class RelayLoop:
    """The relay of one service: stand by until this replica has the lock; number, publish, wait; begin again when
    database or broker went away.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self._running = True
        self._next_forgetting = host.clock()
        self._database_backoff = Backoff()

    def stop(self) -> None:
        """Finish the batch at hand, no more."""
        self._running = False
        self.host.bell.ring()

    def run(self) -> None:
        """Relay until `stop`. No failure of a server ends it."""
        while self._running:
            try:
                with leadership(self.host) as wake_up:
                    if wake_up is None:
                        green.sleep(POLL_SECONDS)
                        continue
                    self._relay(wake_up)
            except (SQLAlchemyError, OSError, LeadershipLost) as error:
                if isinstance(error, SQLAlchemyError) and not is_infrastructure(error):
                    self.host.log.error("relay failed", error=type(error).__name__)
                green.sleep(self._database_backoff.next())

    def _relay(self, wake_up: WakeUp) -> None:
        """Number whatever is committed; what has a number is sent in a green thread of its own, so that no broker can
        hold up the numbers, without which nobody reads the events.
        """
        host = self.host
        sender = Sender(host)
        host.metrics.relay_active.set(1)
        try:
            while self._running:
                sender.raise_what_ended_it()
                numbered = relay.number(host.database, host.context())
                host.metrics.numbered.inc(numbered)
                if numbered:
                    host.numbered.give()
                self._database_backoff.reset()
                if numbered:
                    sender.bell.ring()
                if numbered < relay.BATCH:
                    # All that was there is done; whatever came meanwhile has rung the bell.
                    self._forget_if_due()
                    wake_up.wait(POLL_SECONDS)
                else:
                    wake_up.beat()
                    green.sleep()
        finally:
            host.metrics.relay_active.set(0)
            sender.end()

    def _forget_if_due(self) -> None:
        """Once an hour, when there is nothing else to do: drop answers and events that need not be kept any more."""
        host = self.host
        now = host.clock()
        if now < self._next_forgetting:
            return
        self._next_forgetting = now + FORGET_EVERY
        with host.database.begin(host.context()) as session:
            idempotency.sweep(session, now)
        if host.settings.feed_days is not None:
            feed.sweep(host.database, host.context(), timedelta(days=host.settings.feed_days))


class WakeUp:
    """What the relay waits for: in one process the commit rings the host's bell, across several PostgreSQL notifies."""

    def __init__(
        self,
        host: Host,
        connection: Any = None,
        driver_error: type[Exception] = OSError,
        show_life: Callable[[], object] = lambda: None,
    ) -> None:
        """`connection` is the driver's own, the one that has the lock and listens; `driver_error` is what it raises;
        `show_life` makes its session look alive to the database.
        """
        self._host = host
        self._connection = connection
        self._lost = (driver_error, OSError, ValueError)  # ValueError: a socket that is closed has no number any more
        self._show_life = show_life
        self._next_beat = monotonic() + BEAT_SECONDS

    def wait(self, seconds: float) -> None:
        """Wait until there may be work, or the time is over. Raises LeadershipLost."""
        if self._connection is None:
            self._host.bell.wait(seconds)
            return
        self.beat()
        try:
            self._await_notice(seconds)
        except self._lost as error:
            raise LeadershipLost(type(error).__name__) from error

    def beat(self) -> None:
        """Show the database that the leader lives, if it is time to. Raises what SQLAlchemy does."""
        if monotonic() >= self._next_beat:
            self._show_life()
            self._next_beat = monotonic() + BEAT_SECONDS

    def _await_notice(self, seconds: float) -> None:
        self._connection.poll()
        if not self._connection.notifies:
            select.select([self._connection], [], [], seconds)
            self._connection.poll()
        self._connection.notifies.clear()


@contextmanager
def leadership(host: Host) -> Iterator[WakeUp | None]:
    """Hold the service's relay lock, and what wakes its holder; None while another replica holds it.

    The lock only spares double work: what keeps positions right is the counter row. A leader that was stopped would
    hold it for ever, so the database ends a session that has shown no life for FROZEN_SECONDS, and the lock with it.
    """
    if host.database.embedded:
        yield WakeUp(host)
        return
    with host.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        if _locked(connection):
            if (connection.dialect.server_version_info or ()) >= OLDEST_SERVER:
                connection.execute(text(f"SET idle_session_timeout = '{relay.FROZEN_SECONDS}s'"))
            listen = partial(connection.execute, text(f"LISTEN {CHANNEL}"))
            listen()
            driver = connection.dialect.loaded_dbapi.Error
            yield WakeUp(host, connection.connection.dbapi_connection, driver, listen)
            return
    yield None


def _locked(connection: Connection) -> bool:
    """Try the lock. It belongs to the database's session: a connection that has it must never go back to the pool, but
    is closed when it has served; one that is refused goes back, so that a replica standing by opens none each time.
    """
    try:
        locked = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}))
        if locked:
            connection.detach()
    except BaseException:
        # The lock may have been given without the answer having come.
        connection.invalidate()
        raise
    return locked
