"""The backends that the suite runs on, behind one face each: storages (databases) and transports (brokers).

What a backend lacks is a field of its features, so that a case states the behaviour once and looks at the flag where
backends differ. A case that makes no sense without a feature is parametrised with `storages_with`, not skipped.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from kombu import Connection
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    NullPool,
    String,
    Table,
    create_engine,
    select,
    text,
)

from hongxia.database import Database
from hongxia.events import broker, outbox, topology
from hongxia.events.tables import outbox_head, platform_metadata, start_log
from hongxia.http.idempotency import idempotency
from tests.datakeys import DATA_KEYS
from tests.servers import wait_until

DEADLINE_SECONDS = 20.0

cases_metadata = MetaData()
"""The tables of the suite's own consumers and rules, beside the platform's."""

ledger = Table(
    "ledger",
    cases_metadata,
    Column("subject", String(60), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("applied", Integer, nullable=False, comment="how many events of the subject were applied"),
)

facts = Table(
    "facts",
    cases_metadata,
    Column("generation", Integer, primary_key=True),
    Column("key", String(60), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("occurred_on", Date),
    Column("name", String(60)),
    Column("counts", Boolean),
    Column("body", LargeBinary),
)

assert idempotency.metadata is platform_metadata  # importing it puts its table among the platform's


@dataclass(frozen=True, slots=True)
class StorageFeatures:
    """What one kind of database can do and another can't."""

    concurrent_writers: bool
    """Two units of work can be open at the same time; otherwise the second waits for the end of the first."""

    replicas: bool
    """Several processes may serve one database, so that they must agree on who relays."""


class Storage(ABC):
    """One service's database, at first with an empty log and empty tables."""

    features: StorageFeatures
    without_indexes: Mapping[str, Any] = {}
    """Options of `open` under which rows come as they lie, since nothing but ORDER BY promises an order."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: list[Database] = []

    def open(self, **options: Any) -> Database:
        """Open the database as a process of its own would; `options` are those of Database."""
        database = Database(self.url, keys=DATA_KEYS, **options)
        self._opened.append(database)
        return database

    def open_with_notice(self, notify: Callable[[Sequence[str]], None]) -> Database:
        """Open the database; `notify` is given the types of the events of each commit, after it."""
        return self.open(on_commit=outbox.on_append(notify))

    def close(self) -> None:
        """Close every connection that was opened."""
        for database in self._opened:
            database.close()
        self._opened.clear()

    @abstractmethod
    def writer_waits(self) -> bool:
        """Return whether some unit of work waits for another one to end, at this moment."""

    def wait_for_a_waiting_writer(self) -> None:
        """Return as soon as a unit of work waits for another one. Raises NotInTime."""
        wait_until(self.writer_waits, DEADLINE_SECONDS, "a unit of work waits for another one")


class SQLiteStorage(Storage):
    """A file of SQLite's."""

    features = StorageFeatures(concurrent_writers=False, replicas=False)

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self._writers: list[WatchedLock] = []

    def open(self, **options: Any) -> Database:
        """See Storage. The lock of the writers is one that can be looked at."""
        database = super().open(**options)
        self._writers.append(WatchedLock())
        database._writer = self._writers[-1]
        return database

    def writer_waits(self) -> bool:
        """See Storage."""
        return any(writer.waiting for writer in self._writers)


class WatchedLock:
    """A lock that knows how many threads wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = threading.Lock()
        self.waiting = 0

    def __enter__(self) -> None:
        with self._count:
            self.waiting += 1
        self._lock.acquire()
        with self._count:
            self.waiting -= 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock.release()


class PostgreSQLStorage(Storage):
    """A database on the PostgreSQL server of the test session. It is emptied, not dropped, between two tests."""

    features = StorageFeatures(concurrent_writers=True, replicas=True)
    without_indexes = {"connect_args": {"options": "-c enable_indexscan=off -c enable_bitmapscan=off"}}

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=0)
        make_tables(url)

    def writer_waits(self) -> bool:
        """See Storage."""
        return bool(self.ask(f"SELECT count(*) FROM pg_stat_activity WHERE {_OTHERS} AND wait_event_type = 'Lock'"))

    def ask(self, statement: str, **values: Any) -> Any:
        """Run a statement in a session beside all others, and return its first value."""
        with self._admin.connect() as connection:
            return connection.scalar(text(statement), values)

    def sessions(self) -> int:
        """How many sessions others have in this database."""
        return int(self.ask(f"SELECT count(*) FROM pg_stat_activity WHERE {_OTHERS}"))

    def end_sessions(self, holding: str = "true") -> int:
        """End the sessions of others that match a condition on pg_stat_activity, as a network that breaks would."""
        ended = self.ask(
            f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {_OTHERS} AND ({holding})"
        )
        assert isinstance(ended, int)
        return ended

    def empty(self) -> None:
        """End what a failed test left open, and put every table back to its beginning."""
        self.close()
        self.end_sessions()
        # Small tables: to delete rows takes a millisecond where TRUNCATE makes new files.
        with self._admin.connect() as connection:
            connection.execution_options(isolation_level="READ COMMITTED")
            for table in [*platform_metadata.sorted_tables, *cases_metadata.sorted_tables]:
                connection.execute(table.delete())
            start_log(connection)
            connection.commit()

    def dispose(self) -> None:
        """Close everything, for good."""
        self.close()
        self._admin.dispose()


_OTHERS = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"


def make_tables(url: str) -> None:
    """Create the tables of the platform and of the cases in an empty database, with an empty log."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        platform_metadata.create_all(connection)
        cases_metadata.create_all(connection)
        if connection.execute(select(outbox_head)).one_or_none() is None:
            start_log(connection)
    engine.dispose()


class SQLiteFolder:
    """Makes SQLite storages as copies of one prepared file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._prepared = folder / "prepared.sqlite3"
        self._count = 0
        make_tables(f"sqlite:///{self._prepared}")

    @contextmanager
    def borrow(self) -> Iterator[Storage]:
        """An empty storage for one test."""
        self._count += 1
        path = self._folder / f"{self._count}.sqlite3"
        shutil.copy(self._prepared, path)
        storage = SQLiteStorage(path)
        yield storage
        storage.close()
        for left in self._folder.glob(f"{path.name}*"):
            left.unlink()


class PostgreSQLPool:
    """Lends databases on one server; those that come back are emptied and lent again."""

    def __init__(self, create: Callable[[str], str]) -> None:
        """`create` makes an empty database of that name and returns its URL."""
        self._create = create
        self._free: list[PostgreSQLStorage] = []
        self._made: list[PostgreSQLStorage] = []

    @contextmanager
    def borrow(self) -> Iterator[Storage]:
        """An empty storage for one test."""
        storage = self._free.pop() if self._free else self._make()
        yield storage
        storage.empty()
        self._free.append(storage)

    def close(self) -> None:
        """Close all connections; the server drops the databases when it goes."""
        for storage in self._made:
            storage.dispose()

    def _make(self) -> PostgreSQLStorage:
        storage = PostgreSQLStorage(self._create("conformance"))
        self._made.append(storage)
        return storage


STORAGES = {"sqlite": SQLiteStorage.features, "postgresql": PostgreSQLStorage.features}


def storages_with(feature: str) -> list[str]:
    """The names of the storages that have a feature, for `pytest.mark.parametrize("storage", …, indirect=True)`."""
    return [name for name, features in STORAGES.items() if getattr(features, feature)]


@dataclass(frozen=True, slots=True)
class TransportFeatures:
    """What one kind of broker can do and another can't."""

    returns: bool
    """A message that no queue takes comes back to the publisher and is counted."""

    redelivers: bool
    """What was delivered and not acknowledged is delivered again after the connection is lost."""

    single_active_consumer: bool
    """Of several consumers of one queue only one is given messages, and another one takes over when it goes."""

    outlives_connections: bool
    """The connection can break under a publisher, and does not take the broker with it."""

    refuses: bool
    """It can refuse a message, as a queue that is full does."""


TRANSPORTS = {
    "memory": TransportFeatures(*[False] * 5),
    "rabbitmq": TransportFeatures(*[True] * 5),
}


def transports_with(feature: str) -> list[str]:
    """The names of the transports that have a feature."""
    return [name for name, features in TRANSPORTS.items() if getattr(features, feature)]


class Broker:
    """A broker with names that no other test uses, so that one broker serves the whole session."""

    def __init__(self, uri: str, features: TransportFeatures) -> None:
        self.uri = uri
        self.features = features
        suffix = secrets.token_hex(4)
        self.source, self.consumer = f"origin-{suffix}", f"reader-{suffix}"
        self._subscriptions: list[Subscription] = []
        self._publishers: list[broker.Publisher] = []

    def publisher(self) -> broker.Publisher:
        """A publisher that is closed with the test."""
        self._publishers.append(broker.Publisher(self.uri, self.source))
        return self._publishers[-1]

    def subscribe(self) -> Subscription:
        """Begin to consume from the queue of (consumer, source)."""
        self._subscriptions.append(Subscription(self))
        return self._subscriptions[-1]

    def close(self) -> None:
        """Delete the queues and close every connection."""
        for subscription in self._subscriptions:
            subscription.close()
        for publisher in self._publishers:
            publisher.close()
        with broker.connection(self.uri) as link, link.channel() as channel:
            for queue in (topology.source_queue(self.consumer, self.source), topology.dead_queue(self.consumer)):
                queue(channel).delete()


class Subscription:
    """One consumer's connection, and what it was given so far."""

    def __init__(self, at: Broker) -> None:
        self._consumer = at.consumer
        self.received: list[Any] = []
        self.link: Connection = broker.connection(at.uri)
        self.link.connect()
        broker.consume(self.link, at.consumer, at.source, self.received.append)

    def wait_for(self, count: int) -> list[Any]:
        """Return the messages once there are at least `count`. Raises NotInTime."""

        def arrived() -> bool:
            self.look()
            return len(self.received) >= count

        wait_until(arrived, DEADLINE_SECONDS, lambda: f"{count} messages arrive, {len(self.received)} have")
        return self.received

    def look(self, seconds: float = 0.05) -> None:
        """Take what the broker has sent by now."""
        try:
            while True:
                self.link.drain_events(timeout=seconds)
        except TimeoutError:
            pass

    def deliveries(self) -> broker.MessageBatch:
        """What was received since the last call, as the cursor takes it."""
        taken, self.received[:] = list(self.received), []
        return broker.MessageBatch(taken, self._consumer)

    def break_off(self) -> None:
        """Lose the connection, without a word to the broker."""
        transport = getattr(self.link.connection, "transport", None)
        if transport is not None:
            transport.sock.close()
        broker.discard(self.link)

    def close(self) -> None:
        """Close the connection."""
        broker.discard(self.link)
