"""Runs one service against real servers, or all of them embedded in one process."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from nameko.web.server import parse_address
from prometheus_client import disable_created_metrics
from sqlalchemy.exc import SQLAlchemyError

from hongxia import ids, installation, keys, services
from hongxia.database import Database, migrate, pending_revision
from hongxia.dates import system_clock
from hongxia.events.ownership import ForeignDatabase, claim
from hongxia.http import auth
from hongxia.http.problems import NotFound
from hongxia.logs import logger
from hongxia.revoked import REVOKED_TOKENS_FILE
from hongxia.roles import ADMIN
from hongxia.runtime import green
from hongxia.runtime.container import Container
from hongxia.runtime.host import SETTINGS
from hongxia.runtime.http import MOUNTS, Wsgi
from hongxia.settings import Misconfigured, Settings, load

MAX_WORKERS = 2000
"""More than eventlet lets connections in (1024): whoever holds a transaction must never wait for a worker."""
TOKEN_LIFETIME = timedelta(days=7)
"""Of the token that embedded services write when they start."""
LOCAL = "local"
"""The subject of that token."""
EMBEDDED_BUREAU = "local"
"""The bureau of `hongxia serve` where HONGXIA_BUREAU names none."""
START_SECONDS = 10.0
"""How long a database may take to answer a service that starts."""


def serve(name: str, settings: Settings) -> None:
    """Run one service until SIGTERM or SIGINT. Raises Misconfigured where its database can't be used."""
    disable_created_metrics()
    if settings.signing_key.owner != name:
        raise Misconfigured(f"SIGNING_KEY 是 {settings.signing_key.owner} 的私钥，不是 {name} 的")
    belong(settings)
    service = services.load(name)
    _check_database(settings, service.definition.migrations)
    _listen(settings.http_address).close()  # fail with one line now, not with nameko's traceback a moment later
    container = Container(service, _config(settings))
    container.start()
    logger(service=name).info("serving", address=settings.http_address)
    _until_stopped([container])


def belong(settings: Settings) -> None:
    """Have this process belong to the installation of its settings."""
    if settings.installation is not None:
        installation.use(settings.installation)


def _listen(address: str) -> Any:
    bind = parse_address(address)
    try:
        return green.listen((bind.address, bind.port))
    except OSError as error:
        raise Misconfigured(f"地址 {address} 无法监听：{error.strerror}") from None


def _config(settings: Settings, **more: Any) -> dict[str, Any]:
    return {
        SETTINGS: settings,
        "WEB_SERVER_ADDRESS": settings.http_address,
        "max_workers": MAX_WORKERS,
        **more,
    }


def _check_database(settings: Settings, migrations: str) -> None:
    database = Database(settings.database_url)

    def fault() -> str:
        try:
            wanted = pending_revision(database, migrations)
        except SQLAlchemyError as error:
            return f"数据库连不上（DATABASE_URL）：{type(error).__name__}"
        return f"数据库缺少迁移 {wanted}：请先运行 hongxia migrate <服务>" if wanted else _foreign(database)

    [found] = green.within(START_SECONDS, fault)
    database.close()
    if found is None:
        raise Misconfigured(f"数据库（DATABASE_URL）{START_SECONDS:.0f} 秒内没有应答")
    if found:
        raise Misconfigured(found)


def _foreign(database: Database) -> str:
    """What tells that a database belongs to another installation; a new one is noted as ours."""
    try:
        with database.engine.begin() as connection:
            claim(connection, installation.current())
    except ForeignDatabase as error:
        return str(error)
    except SQLAlchemyError as error:
        return f"数据库连不上（DATABASE_URL）：{type(error).__name__}"
    return ""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Where the embedded services keep their data, and the one address at which they all answer."""

    data: Path
    address: str

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"http://{self.address}"

    def settings(self, name: str) -> Settings:
        """The settings of one of the services: SQLite, kombu's memory transport, keys made at the first start."""
        self.complete_keys()
        environ = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{self.data / name}.sqlite3",
            "AMQP_URI": "memory://",
            "SIGNING_KEY_FILE": str(keys.signing_key_path(self.keys, name)),
            "PUBLIC_KEYS_FILE": str(self.keys / keys.PUBLIC_KEYS_FILE),
            "REVOKED_TOKENS_FILE": str(self.keys / REVOKED_TOKENS_FILE),
            "HONGXIA_BUREAU": os.environ.get("HONGXIA_BUREAU") or EMBEDDED_BUREAU,
            "HONGXIA_SECRET": self._installation_secret(),
            "HONGXIA_URL": self.url,
        }
        for unused in ("HONGXIA_SECRET_FILE", "HONGXIA_BUREAU_FILE", "HONGXIA_CA"):
            environ.pop(unused, None)
        return load(environ)

    @property
    def keys(self) -> Path:
        """The directory of the keys, and of the list of revoked tokens."""
        return self.data / keys.KEYS

    def complete_keys(self) -> None:
        """Make the keys that are missing, and an empty list of revoked tokens. Raises Misconfigured and OSError."""
        try:
            keys.complete_keys(self.keys, [*services.names(), keys.OPERATOR])
        except keys.BadKey as error:
            raise Misconfigured(f"目录 {self.keys} 中的密钥无法使用：{error}") from None
        (self.keys / REVOKED_TOKENS_FILE).touch(mode=0o600)

    def _installation_secret(self) -> str:
        if given := os.environ.get("HONGXIA_SECRET"):
            return given
        path = self.data / "installation-secret"
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(installation.SECRET_LENGTH))
        return path.read_text(encoding="utf-8")

    def write_token(self) -> str:
        """A token with all roles for whoever may read the data directory; written to `token` there."""
        self.complete_keys()
        key = keys.read_signing_key(self.keys, keys.OPERATOR)
        now = system_clock()
        token = auth.mint(key, LOCAL, [ADMIN], auth.EVERY_SERVICE, now, TOKEN_LIFETIME, ids.new_id())
        _write_private(self.data / "token", token)
        return token


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def serve_embedded(embedded: Embedded, on_ready: Callable[[str], None]) -> None:
    """Run all services in this process until SIGTERM or SIGINT; `on_ready` is given a token.

    Raises Misconfigured if the address is taken or the data directory can't be used.
    """
    disable_created_metrics()
    try:
        embedded.data.mkdir(parents=True, exist_ok=True)
        embedded.data.chmod(0o700)  # the registry's database holds names and resident numbers
        token = embedded.write_token()
    except OSError as error:
        raise Misconfigured(f"数据目录 {embedded.data} 无法使用：{error.strerror}") from None
    listener = _listen(embedded.address)
    mounts: dict[str, Wsgi] = {}
    containers, front = [], ""
    for name in services.names():
        service = services.load(name)
        settings = replace(embedded.settings(name), http_address=embedded.address)
        migrate(settings.database_url, service.definition.migrations)
        belong(settings)
        _check_database(settings, service.definition.migrations)
        containers.append(Container(service, _config(settings, **{MOUNTS: mounts})))
        front = name if service.definition.front else front
    for container in containers:
        container.start()
    web = green.serve_wsgi(listener, gateway(mounts, front))
    on_ready(token)
    _until_stopped(containers)
    web.kill()


def gateway(mounts: dict[str, Wsgi], front: str) -> Wsgi:
    """One application over several: /<service>/… goes to that service, everything else to the front one."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        name, _, rest = environ.get("PATH_INFO", "/").lstrip("/").partition("/")
        if name in mounts:
            shifted = {"SCRIPT_NAME": f"{environ.get('SCRIPT_NAME', '')}/{name}", "PATH_INFO": f"/{rest}"}
            return mounts[name]({**environ, **shifted}, start_response)
        if front in mounts:
            return mounts[front](environ, start_response)
        response = NotFound("没有这个地址").response()
        answer: Iterable[bytes] = response(environ, start_response)
        return answer

    return application


STOP_SECONDS = 10.0
"""How long requests at work may take to end; they wait for a database or broker that is away. A crash loses nothing."""


class ContainerEnded(Exception):
    """A service ended although nobody had asked it to."""


def _until_stopped(containers: list[Container]) -> None:
    """Wait for SIGTERM, SIGINT or the end of a container, then stop them all. Raises what a container died of."""
    stopping = green.Result()

    def stop(_number: int, _frame: Any) -> None:
        green.spawn(stopping.send)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    watchers = [green.spawn(partial(_watch, container, stopping)) for container in containers]
    error = stopping.wait()
    for watcher in watchers:
        watcher.kill()
    green.within(STOP_SECONDS, *(container.stop for container in containers))
    if error is not None:
        raise error


def _watch(container: Container, stopping: green.Result) -> None:
    """A container that dies takes the process with it, so that whoever supervises it starts it anew."""
    try:
        container.wait()
    except Exception as error:  # noqa: BLE001 - raised by whoever waits for the end
        stopping.send(error)
    else:
        stopping.send(ContainerEnded(container.service_name))
