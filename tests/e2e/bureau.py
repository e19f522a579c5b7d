"""A whole deployment for a test: five services as processes of their own, on real RabbitMQ and real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests

from hongxia import services
from hongxia.cli.settling import level
from hongxia.client import Client, ClientError
from hongxia.database import Database, migrate
from hongxia.roles import ADMIN
from tests import keys
from tests.datakeys import DATA_KEYS
from tests.servers import PostgreSQL, Process, RabbitMQ, free_port, wait_until

NOW = "2026-01-10T09:00:00+08:00"
"""The services' clock stands still, so that two runs make the same events to the byte."""

HONGXIA = str(Path(sys.executable).with_name("hongxia"))

READY_SECONDS = 60
LEVEL_SECONDS = 120


@dataclass
class Bureau:
    """The running services, and a client with all roles."""

    databases: dict[str, str]
    addresses: dict[str, str]
    amqp_uri: str
    logs: Path
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def urls(self) -> str:
        """HONGXIA_URL for these services."""
        return ",".join(f"{name}=http://{address}" for name, address in self.addresses.items())

    @property
    def client(self) -> Client:
        """A client that may do everything."""
        return Client(self.urls, token(ADMIN))

    def environment(self, name: str) -> dict[str, str | None]:
        """What one service is told."""
        return {
            "DATABASE_URL": self.databases[name],
            "AMQP_URI": self.amqp_uri,
            "HTTP_ADDRESS": self.addresses[name],
            **keys.environment(name),
            "HONGXIA_URL": self.urls,
            "HONGXIA_NOW": NOW,
            "LOG_LEVEL": "INFO",
        }

    def start(self, name: str, *, label: str | None = None, address: str | None = None) -> Process:
        """Start a service, or with a label and an address of its own, another replica of it."""
        env = self.environment(name) | ({"HTTP_ADDRESS": address} if address else {})
        label = label or name
        process = Process([HONGXIA, "serve", name], log=self.logs / f"{label}.log", env=env, name=label)
        self.processes[label] = process
        return process.start()

    def wait_ready(self, names: Sequence[str] | None = None) -> None:
        """Until the services say that they are ready."""
        for name in names or list(self.addresses):
            self.processes[name].wait_for(lambda name=name: self.ready(name), READY_SECONDS, f"{name} is ready")

    def ready(self, name: str) -> bool:
        """Whether a service is ready."""
        try:
            return requests.get(f"http://{self.addresses[name]}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    def wait_level(self, deadline: float = LEVEL_SECONDS) -> None:
        """Until every consumer stands at its source's head."""
        wait_until(self.level, deadline, self.standing)

    def standing(self) -> str:
        """Each service's head and cursors, or why it tells none."""
        told = ["not every cursor is at its source's head:"]
        for name in self.addresses:
            try:
                told.append(f"{name} {self.client.get(name, '/events/head')} {self.client.get(name, '/cursors')}")
            except ClientError as error:
                told.append(f"{name} {error}")
        return "\n".join(told)

    def level(self) -> bool:
        """Whether every consumer stands at its source's head, with nothing waiting for a number."""
        try:
            return level(self.client)
        except ClientError:  # a service that is down is not level
            return False

    def heads(self) -> dict[str, Any]:
        """Each service's own head, without when it was asked for and the signature that goes with it."""
        heads = {name: self.client.get(name, "/events/head") for name in self.addresses}
        names = ("position", "chain", "unnumbered", "first")
        return {service: {name: head[name] for name in names} for service, head in heads.items()}

    def settled_head(self, name: str) -> Any:
        """A service's head once all that it committed has a number."""

        def head() -> Any:
            found = self.client.get(name, "/events/head")
            return found if found["unnumbered"] == 0 else None

        return wait_until(head, LEVEL_SECONDS, f"all events of {name} have a number")

    def figures(self, year: int) -> dict[str, Any]:
        """The year's figures by code."""
        return {item["code"]: item for item in self.client.get("reporting", f"/years/{year}/indicators")["items"]}

    def digest(self, year: int) -> str:
        """The digest of the year's facts."""
        digest: str = self.client.get("reporting", f"/years/{year}/digest")["digest"]
        return digest

    def run(self, *arguments: str, expect: int | None = 0, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """A `hongxia` command against these services."""
        env = {
            "HONGXIA_URL": self.urls,
            "HONGXIA_TOKEN": token(ADMIN),
            "PATH": "/usr/bin:/bin",
            "COLUMNS": "160",
            # the services run with the tests' environment; the commands are to be of the same code
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        }
        done = subprocess.run([HONGXIA, *arguments], env=env, capture_output=True, text=True, timeout=timeout)
        if expect is not None:
            assert done.returncode == expect, done.stdout + done.stderr
        return done

    def database(self, name: str) -> Database:
        """A service's own database, for a test that looks behind the API."""
        return Database(self.databases[name], keys=DATA_KEYS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self.processes.values():
            process.kill()


def token(*roles: str) -> str:
    """A token with these roles."""
    return keys.token(*roles, subject="tester")


@contextmanager
def running_bureau(rabbitmq: RabbitMQ, postgres: PostgreSQL, logs: Path) -> Iterator[Bureau]:
    """Five services on fresh databases and a broker without queues; all ended, and their databases dropped, after."""
    names = services.names()
    with ExitStack() as stack:
        databases = {}
        for name in names:
            databases[name] = postgres.create_database(name)
            stack.callback(postgres.drop_database, databases[name])
            migrate(databases[name], services.load(name).definition.migrations)
        addresses = {name: f"127.0.0.1:{free_port()}" for name in names}
        bureau = stack.enter_context(Bureau(databases, addresses, rabbitmq.fresh_uri(queue_names()), logs))
        for name in names:
            bureau.start(name)
        bureau.wait_ready()
        yield bureau


def queue_names() -> list[str]:
    """All queues that the services may have made on a broker that others use too."""
    names = services.names()
    return [f"{reader}.{source}" for reader in names for source in [*names, "dead"]]
