"""One service of the bureau: its database, its routes, its consumers and its timers, all without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection
from sqlite3 import connect as sqlite
from types import SimpleNamespace
from typing import Any

from nameko.extensions import DependencyProvider
from nameko.timer import Timer
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from hongxia.database import Database, migrate
from hongxia.events import cursor, feed, outbox, relay
from hongxia.events.cursor import Consumer
from hongxia.events.envelope import Event, parse
from hongxia.events.feed import Head
from hongxia.events.heads import Place
from hongxia.events.tables import outbox as events_table
from hongxia.http.endpoint import Route
from hongxia.runtime.consume import Consume
from hongxia.runtime.service import Service
from tests import keys
from tests.keys import prove_of
from tests.unit.service_api import ServiceApi

EVERYTHING = 100_000
_TOKENS: dict[tuple[str, str], str] = {}


def token(role: str, subject: str) -> str:
    """Return a token; one of each kind serves the whole run."""
    known = _TOKENS.get((role, subject))
    if known is None:
        known = keys.token(role, subject=subject, hours=12)
        _TOKENS[role, subject] = known
    return known


class Failed(AssertionError):
    """A service answered 500, or a consumer could not apply an event: a fault, whatever a test is about."""


class NoLog:
    """Takes log lines and keeps none."""

    def bind(self, **_values: Any) -> NoLog:
        """Return itself."""
        return self

    def info(self, _message: str, **_values: Any) -> None:
        """Do nothing."""

    warning = error = info


class LocalFeed:
    """The feed of a node, as a consumer pulls it. Implements hongxia.events.feed.Feed."""

    def __init__(self, source: Node) -> None:
        self.source = source

    def page(self, after: int, limit: int, chain: str | None = None) -> list[Event]:
        """Return the events after a position."""
        with self.source.database.read() as session:
            return [parse(body) for body in feed.page(session, after, limit)]

    def head(self, holds: Place | None = None) -> Head:
        """Return the source's head."""
        with self.source.database.read() as session:
            return feed.head(session)


@dataclass(frozen=True, slots=True)
class Kept:
    """A node as it was at a moment: its database, and how far it had come."""

    database: Connection
    position: int
    unnumbered: bool
    read_to: Mapping[str, int]


class Node:
    """A service with a database in a file of its own, made by its migrations once and emptied by `reset`."""

    def __init__(self, service: type[Service], directory: Path, clock: Callable[[], datetime]) -> None:
        self.name = service.name
        path = directory / f"{service.name}.sqlite3"
        url = f"sqlite:///{path}"
        migrate(url, service.definition.migrations)
        self.database = _unsafe(Database(url, on_commit=outbox.on_append(self._appended)))
        self.api = ServiceApi(service, self.database, clock())
        self.service = self.api.service
        self.host = self.service.host
        self.host.clock = clock
        self.host.failed = self._note_failure
        self.host.log = NoLog()
        self.failure: Exception | None = None
        self.host.consumers = {source: self._consumer(source, method) for source, method in _consumers(service).items()}
        self._providers = list(_providers(service))
        self._path = path
        self._forget_positions()
        self._empty = self.keep()

    @property
    def routes(self) -> list[Route]:
        """All routes of the service."""
        return list(self.api.methods)

    def connect(self, nodes: Mapping[str, Node]) -> None:
        """Let the service read the others' feeds in this process."""
        self.host.feed = lambda source, timeout=0.0: LocalFeed(nodes[source])
        self._provide()

    def reset(self) -> None:
        """Empty the database, and what the service keeps in memory."""
        self.restore(self._empty)

    def keep(self) -> Kept:
        """Return a copy of the node as it is."""
        connection, copy = sqlite(self._path), sqlite(":memory:")
        connection.backup(copy)
        connection.close()
        return Kept(copy, self.position, self.unnumbered, dict(self.read_to))

    def restore(self, kept: Kept) -> None:
        """Let the node be as it was."""
        connection = sqlite(self._path, isolation_level=None)
        kept.database.backup(connection)
        connection.close()
        self.position, self.unnumbered, self.read_to = kept.position, kept.unnumbered, dict(kept.read_to)
        self._provide()

    def close(self) -> None:
        """Give the files back."""
        self.database.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str = "admin",
        subject: str = "somebody",
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        content_type: str | None = None,
    ) -> Response:
        """Send a request. Raises Failed if the service answers 500."""
        sent = {"Authorization": f"Bearer {token(role, subject)}", **(headers or {})}
        builder = EnvironBuilder(path, method=method, headers=sent, json=body, data=data, content_type=content_type)
        request = Request(builder.get_environ())
        route, values = self.api.map.bind_to_environ(request.environ).match()
        request.path_values = values  # type: ignore[attr-defined]
        self.failure = None
        response: Response = self.api.methods[route](self.service, request, **values)
        if response.status_code >= 500:
            raise Failed(f"{method} {self.name}{path}: {response.get_data(as_text=True)}") from self.failure
        return response

    def number(self) -> int:
        """Give numbers to all committed events; return how many got one."""
        if not self.unnumbered:
            return 0
        self.unnumbered = False
        count = relay.number(self.database, self.host.context(), EVERYTHING)
        self.position += count
        return count

    def read(self, source: Node) -> int:
        """Apply what a source has published and this service has not read; return how many events that were."""
        if self.read_to.get(source.name, 0) == source.position:
            return 0
        consumer = self.host.consumers[source.name]
        outcome = cursor.heal(consumer, self.host.context(), LocalFeed(source), LocalFeed(source).head())
        if outcome.parked or outcome.state is not cursor.State.LEVEL:
            raise Failed(f"{self.name} could not apply events of {source.name}: {self._parked()}") from self.failure
        self.read_to[source.name] = cursor.position(consumer)
        return outcome.applied

    def reread(self, source: str) -> None:
        """Ask the source from the beginning at the next delivery, because the cursor was put back."""
        self.read_to.pop(source, None)

    def run_timers(self) -> None:
        """Do what the service does by itself at its intervals."""
        for method, entrypoint in _entrypoints(type(self.service)):
            if isinstance(entrypoint, Timer):
                method(self.service)

    def events(self, after: int = 0) -> Sequence[Event]:
        """Return what the service has published, in order, from a position on."""
        self.number()
        return LocalFeed(self).page(after, EVERYTHING)

    def waiting(self) -> list[str]:
        """Return the bodies of events that were appended and have no number yet."""
        with self.database.read() as session:
            query = select(events_table.c.body).where(events_table.c.position.is_(None)).order_by(events_table.c.seq)
            return list(session.scalars(query))

    def _consumer(self, source: str, method: Any) -> Consumer:
        def handle(session: Session, events: Sequence[Event]) -> None:
            error = method(self.service, session, events)
            if error is not None:
                self.failure = error
                raise error

        return Consumer(self.database, source, handle, prove_of(source))

    def _provide(self) -> None:
        """Hand the service what nameko would inject besides the host."""
        for name, provider in self._providers:
            provider.hosting = SimpleNamespace(host=self.host)
            provider.setup()
            setattr(self.service, name, provider.get_dependency(None))

    def _appended(self, _types: Sequence[str]) -> None:
        self.unnumbered = True

    def _forget_positions(self) -> None:
        """Begin with empty logs. What is remembered here spares questions to the database; nothing depends on it."""
        self.unnumbered = False
        self.position = 0
        self.read_to: dict[str, int] = {}

    def _parked(self) -> Any:
        return self.call("GET", "/parked", role="operator").json

    def _note_failure(self, _route: Route, error: Exception) -> None:
        self.failure = error


def _unsafe(database: Database) -> Database:
    """A test's database need not outlive the machine."""

    @sqlalchemy_event.listens_for(database.engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return database


def _entrypoints(service: type) -> Iterator[tuple[Any, Any]]:
    """Yield the methods that nameko calls, each with what calls it."""
    for name in dir(service):
        member = getattr(service, name)
        for entrypoint in getattr(member, "nameko_entrypoints", ()):
            yield member, entrypoint


def _consumers(service: type) -> dict[str, Any]:
    """Return the methods that take a source's events, by source."""
    return {each.source: method for method, each in _entrypoints(service) if isinstance(each, Consume)}


def _providers(service: type) -> Iterator[tuple[str, Any]]:
    for name in dir(service):
        provider = getattr(service, name)
        if isinstance(provider, DependencyProvider) and name != "host":
            yield name, copy(provider)
