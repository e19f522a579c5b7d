"""What one service has while it runs, shared by its nameko extensions: settings, database, metrics, feeds."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from nameko.extensions import DependencyProvider, SharedExtension

from hongxia import ids
from hongxia.database import Database
from hongxia.dates import system_clock
from hongxia.definition import Definition
from hongxia.events import outbox
from hongxia.events.context import Context
from hongxia.events.cursor import Consumer
from hongxia.events.declare import source_urn
from hongxia.events.subscribe import HttpFeed
from hongxia.http import auth
from hongxia.http.endpoint import Route
from hongxia.logs import logger
from hongxia.metrics import Metrics
from hongxia.roles import SUBSCRIBER
from hongxia.runtime.green import Bell
from hongxia.settings import Settings, service_url

SETTINGS = "hongxia.settings"
"""The key in nameko's configuration under which a container finds its own settings."""

FEED_TOKEN_LIFETIME = timedelta(hours=1)


class Host:
    """One running service. Implements hongxia.http.endpoint.EndpointHost."""

    def __init__(self, name: str, definition: Definition, settings: Settings) -> None:
        self.name = name
        self.definition = definition
        self.settings = settings
        self.clock = settings.clock
        self.token_secret = settings.token_secret
        self.metrics = Metrics()
        self.log = logger(service=name)
        self.bell = Bell()
        self.database = Database(settings.database_url, on_commit=outbox.on_append(self._appended))
        self.consumers: dict[str, Consumer] = {}
        self.publisher_connected: Callable[[], bool] = lambda: False
        self.publisher_blocked: Callable[[], bool] = lambda: False

    def context(self) -> Context:
        """A context for work that nobody asked for: a timer's, a relay's."""
        return Context(source_urn(self.name), self.clock(), ids.new_id())

    def feed(self, source: str, timeout: float = 30.0) -> HttpFeed:
        """The feed of another service; it is given up after `timeout` seconds without an answer."""
        url = service_url(self.settings.service_urls, source)
        return HttpFeed(url, self.feed_token, self.settings.verify, timeout)

    def feed_token(self) -> str:
        """A short-lived token of this service's own, good for reading feeds."""
        now = system_clock()
        return auth.mint(self.token_secret, self.name, [SUBSCRIBER], now, FEED_TOKEN_LIFETIME)

    def failed(self, route: Route, error: Exception) -> None:
        """Log where an unexpected error came from; its text may hold data and is left out."""
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames]
        self.log.error("request failed", route=route.url, error=type(error).__name__, where=where)

    def _appended(self, types: Sequence[str]) -> None:
        for event_type in types:
            self.metrics.records.labels(event_type).inc()
        self.bell.ring()


class Hosting(SharedExtension):  # type: ignore[misc]
    """Gives every extension of a container the same Host."""

    _host: Host | None = None

    @property
    def host(self) -> Host:
        """The container's Host, made at the first asking."""
        if self._host is None:
            service: Any = self.container.service_cls
            self._host = Host(service.name, service.definition, self.container.config[SETTINGS])
        return self._host

    def stop(self) -> None:
        """Give the database connections back."""
        self.host.database.close()
        super().stop()


class HostProvider(DependencyProvider):  # type: ignore[misc]
    """Injects the container's Host into service methods, and does nothing else."""

    hosting = Hosting()

    def get_dependency(self, worker_ctx: Any) -> Host:
        """Return the same Host for every request."""
        return self.hosting.host
