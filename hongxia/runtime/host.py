"""What one service has while it runs, shared by its nameko extensions: settings, database, metrics, feeds."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from nameko.extensions import DependencyProvider, SharedExtension

from hongxia import ids
from hongxia.database import Database
from hongxia.dates import system_clock
from hongxia.definition import Definition
from hongxia.events import heads, outbox
from hongxia.events.context import Context
from hongxia.events.cursor import Consumer
from hongxia.events.declare import source_urn
from hongxia.events.heads import Place, SignedHead
from hongxia.events.subscribe import HttpFeed
from hongxia.http import auth
from hongxia.http.endpoint import Route
from hongxia.http.login import LoginCodes
from hongxia.keys import PublicKeys, SigningKey
from hongxia.logs import logger
from hongxia.metrics import Metrics
from hongxia.revoked import Revoked
from hongxia.roles import SUBSCRIBER
from hongxia.runtime.green import Bell, Notice
from hongxia.runtime.limits import OneAtATime, Polls, Remembered
from hongxia.settings import Settings, service_url
from hongxia.watched import Watched

SETTINGS = "hongxia.settings"
"""The key in nameko's configuration under which a container finds its own settings."""

LOGIN_CODES = "hongxia.login-codes"
"""The key under which the embedded services find the codes of links that log in; elsewhere there are none."""

READY_FOR_SECONDS = 2.0
"""How long an answer about readiness stays good."""

FEED_TOKEN_LIFETIME = timedelta(minutes=5)


class Host:
    """One running service. Implements hongxia.http.endpoint.EndpointHost."""

    def __init__(self, name: str, definition: Definition, settings: Settings) -> None:
        self.name = name
        self.definition = definition
        self.settings = settings
        self.clock = settings.clock
        self.metrics = Metrics()
        self.log = logger(service=name)
        self._public_keys = Watched(
            settings.public_keys_file, settings.public_keys, PublicKeys.from_jwks, self._file_failed
        )
        self._signing_key = Watched(
            settings.signing_key_file, settings.signing_key, partial(SigningKey.from_pem, name), self._file_failed
        )
        self._revoked = Watched(settings.revoked_tokens_file, settings.revoked, Revoked.read, self._file_failed)
        for reason in auth.REASONS:
            self.metrics.token_failures.labels(reason)  # a counter is there before it counts, so that alerts see it
        self.verifier = auth.Verifier(
            name, self._public_keys.current, self._revoked.current, count=self._count_token_failure
        )
        self.bell = Bell()
        self.numbered = Notice()
        self.polls = Polls()
        self.heavy_work = OneAtATime()
        self.readiness: Remembered[dict[str, str]] = Remembered(READY_FOR_SECONDS)
        self.database = Database(
            settings.database_url, on_commit=outbox.on_append(self._appended), keys=settings.data_keys
        )
        self.consumers: dict[str, Consumer] = {}
        self.publisher_connected: Callable[[], bool] = lambda: False
        self.login_codes: LoginCodes | None = None
        self.publisher_blocked: Callable[[], bool] = lambda: False

    @property
    def signing_key(self) -> SigningKey:
        """This service's own private key, as its file has it now."""
        return self._signing_key.current()

    @property
    def public_keys(self) -> PublicKeys:
        """The public keys of all owners, as their file has them now."""
        return self._public_keys.current()

    def context(self) -> Context:
        """A context for work that nobody asked for: a timer's, a relay's."""
        return Context(source_urn(self.name), self.clock(), ids.new_id())

    def feed(self, source: str, timeout: float = 30.0) -> HttpFeed:
        """The feed of another service; it is given up after `timeout` seconds without an answer."""
        url = service_url(self.settings.service_urls, source)
        return HttpFeed(url, lambda: self.feed_token(source), self.settings.verify, timeout)

    def feed_token(self, source: str) -> str:
        """A short-lived token of this service's own, good for reading the feed of one source."""
        now = system_clock()
        return auth.mint(self.signing_key, self.name, [SUBSCRIBER], source, now, FEED_TOKEN_LIFETIME, ids.new_id())

    def sign_head(self, position: int, chain: str, now: datetime) -> SignedHead:
        """Sign the head of this service's own log."""
        return heads.sign(self.signing_key, position, chain, now)

    def proved_place(self, source: str, head: str) -> Place | None:
        """Return the place in a source's history that a signed head, as JSON, proves; None if it proves nothing."""
        return heads.proved_place(head, self.public_keys, source)

    def failed(self, route: Route, error: Exception) -> None:
        """Log where an unexpected error came from; its text may hold data and is left out."""
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames]
        self.log.error("request failed", route=route.url, error=type(error).__name__, where=where)

    def _file_failed(self, path: str, error: Exception) -> None:
        """Log that a changed file can't be used; the text of the error may hold a part of it and is left out."""
        self.metrics.file_failures.inc()
        self.log.error("file can't be used, the old content counts", path=path, error=type(error).__name__)

    def _count_token_failure(self, reason: str) -> None:
        self.metrics.token_failures.labels(reason).inc()

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
            self._host.login_codes = self.container.config.get(LOGIN_CODES)
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
