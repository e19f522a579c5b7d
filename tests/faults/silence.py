"""Servers and processes that live and say nothing: stopped as by SIGSTOP, or in an alarm."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import text

from bench import events
from hongxia import services
from hongxia.database import Database, migrate
from tests.e2e.bureau import Bureau
from tests.servers import PostgreSQL, PrivateRabbitMQ, Process, RabbitMQ, free_port
from tests.servers.reaper import family, send

SOURCE, READER = "outreach", "reporting"
DEADLINE = 90.0


@contextmanager
def stopped(*processes: Process) -> Iterator[None]:
    """Whatever these processes do is stopped; their sockets stay as they are."""
    pids = [pid for process in processes for pid in sorted(family(process.pid))]
    for pid in pids:
        send(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            send(pid, signal.SIGCONT)


@contextmanager
def alarmed(rabbitmq: PrivateRabbitMQ) -> Iterator[None]:
    """The broker counts every byte as one too many."""
    rabbitmq.rabbitmqctl("set_vm_memory_high_watermark", "0.0000001")
    try:
        yield
    finally:
        rabbitmq.rabbitmqctl("set_vm_memory_high_watermark", "0.4")


class Ticking(Bureau):
    """Services whose clock goes on, since some of what is looked at here is an age."""

    def environment(self, name: str) -> dict[str, str | None]:
        """See Bureau."""
        return {key: value for key, value in super().environment(name).items() if key != "HONGXIA_NOW"}


class Pair:
    """Outreach and reporting as processes, with databases and queues of their own. The other services are not there."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.outbox = bureau.database(SOURCE)
        self._committed = 0

    def commit(self, count: int) -> None:
        """Commit events of outreach's, as the service would."""
        events.commit(self.outbox, count, f"silence-{self._committed}")
        self._committed += count

    def kinds(self) -> int:
        """How many events outreach publishes when it first starts: its kinds of 五必访."""
        with self.outbox.read() as session:
            return int(session.scalar(text("SELECT count(*) FROM obligation_kind")) or 0)

    def head(self) -> int:
        """The last position that has been given."""
        with self.outbox.read() as session:
            return int(session.scalar(text("SELECT position FROM outbox_head")) or 0)

    def published(self) -> int:
        """How far the broker has confirmed."""
        with self.outbox.read() as session:
            return int(session.scalar(text("SELECT published FROM outbox_head")) or 0)

    def numbered(self) -> bool:
        """Whether all that was committed has a number, and each number was given once."""
        with self.outbox.read() as session:
            count, different, highest = session.execute(
                text("SELECT count(*), count(DISTINCT position), max(position) FROM outbox")
            ).one()
        return bool(count == different == highest)

    def applied(self) -> int:
        """How far reporting has read outreach."""
        database = Database(self.bureau.databases[READER])
        with database.read() as session:
            found = session.scalar(text("SELECT position FROM cursor WHERE source = :source"), {"source": SOURCE})
        database.close()
        return int(found or 0)

    def metric(self, name: str, label: str = SOURCE, address: str = "") -> float:
        """A metric of a process; the first of that name, whatever its labels."""
        page = requests.get(f"http://{address or self.bureau.addresses[label]}/metrics", timeout=10).text
        values = [line.rsplit(" ", 1)[1] for line in page.splitlines() if line.startswith(f"hongxia_{name}")]
        return float(values[0])

    def ready(self) -> dict[str, Any]:
        """What outreach says of its database and its broker."""
        found: dict[str, Any] = requests.get(f"http://{self.bureau.addresses[SOURCE]}/readyz", timeout=10).json()
        return found


@contextmanager
def running_pair(rabbitmq: RabbitMQ, postgres: PostgreSQL, logs: Path) -> Iterator[Pair]:
    """Both services; ended, and their databases dropped, after."""
    with ExitStack() as stack:
        databases = {}
        for name in (SOURCE, READER):
            databases[name] = postgres.create_database(name)
            stack.callback(postgres.drop_database, databases[name])
            migrate(databases[name], services.load(name).definition.migrations)
        addresses = {name: f"127.0.0.1:{free_port()}" for name in services.names()}
        bureau = stack.enter_context(Ticking(databases, addresses, rabbitmq.fresh_uri(), logs))
        for name in (SOURCE, READER):
            bureau.start(name)
        bureau.wait_ready([SOURCE, READER])
        pair = Pair(bureau)
        stack.callback(pair.outbox.close)
        yield pair
