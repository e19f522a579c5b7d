"""What is measured: outreach's outbox through RabbitMQ into reporting's committed facts, by the real services."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from sqlalchemy import text

from bench import events
from hongxia.database import Database
from tests import keys
from tests.servers import PostgreSQL, Process, RabbitMQ, free_port, wait_until

READER = "reporting"
CHANNEL = "bench_cursor"

_TELL_CURSOR = """
CREATE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.source = 'outreach' AND NEW.position <> OLD.position
   THEN PERFORM pg_notify('bench_cursor', NEW.position::text); END IF; RETURN NULL; END $$;
CREATE TRIGGER bench_tell AFTER UPDATE ON cursor FOR EACH ROW EXECUTE FUNCTION bench_tell();
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Outreach and reporting, running against real servers."""

    outbox: Database
    reading: Database

    def position(self) -> int:
        """How far reporting has read outreach."""
        with self.reading.read() as session:
            return session.scalar(text("SELECT position FROM cursor WHERE source = 'outreach'")) or 0


@contextmanager
def running(rabbitmq: RabbitMQ, postgres: PostgreSQL, logs: Path) -> Iterator[Pair]:
    """Start both services, each a process with a database of its own."""
    hongxia = str(Path(sys.executable).with_name("hongxia"))
    urls = {name: postgres.create_database(f"bench_{name}") for name in (events.SERVICE, READER)}
    ports = {name: free_port() for name in (events.SERVICE, READER, "none")}
    where = ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in ports.items())
    # Sources that do not run here answer nothing, which a consumer waits out.
    where += "".join(f",{name}=http://127.0.0.1:{ports['none']}" for name in ("registry", "activities", "finance"))
    with ExitStack() as stack:
        for name, url in urls.items():
            env = {
                "DATABASE_URL": url,
                "AMQP_URI": rabbitmq.uri,
                "HTTP_ADDRESS": f"127.0.0.1:{ports[name]}",
                **keys.environment(name),
                "HONGXIA_URL": where,
                "LOG_LEVEL": "WARNING",
            }
            migration = Process([hongxia, "migrate", name], log=logs / f"{name}-migrate.log", env=env)
            with migration:
                migration.wait(60)
            stack.enter_context(Process([hongxia, "serve", name], log=logs / f"{name}.log", env=env))
        pair = Pair(Database(urls[events.SERVICE]), Database(urls[READER]))
        stack.callback(pair.outbox.close)
        stack.callback(pair.reading.close)
        with pair.reading.engine.begin() as connection:
            connection.execute(text(_TELL_CURSOR))
        events.commit(pair.outbox, 1, "warm-up")
        with pair.outbox.read() as session:  # outreach publishes its first kinds of 五必访 when it starts
            kinds = session.scalar(text("SELECT count(*) FROM obligation_kind")) or 0
        wait_until(lambda: pair.position() == kinds + 1, 60, "reporting reads outreach")
        yield pair


def drained_per_second(pair: Pair, count: int, label: str) -> float:
    """Commit `count` events while the relay is held, let it go, and time it until reporting has committed them all."""
    start = pair.position()
    with pair.outbox.engine.connect() as holder:
        # The counter row is the relay's fence: whoever holds it holds the relay.
        holder.execute(text("SELECT 1 FROM outbox_head FOR UPDATE"))
        events.commit(pair.outbox, count, label)
        started = time.perf_counter()
        holder.rollback()
    wait_until(lambda: pair.position() == start + count, 300, "everything is drained")
    return count / (time.perf_counter() - started)


def visible_after_ms(pair: Pair, per_second: int, seconds: int, label: str) -> list[float]:
    """Milliseconds from each commit until reporting's own commit tells it, at a steady rate.

    Reporting's database notifies when the cursor moves, so that measuring does not poll.
    """
    listener = psycopg2.connect(pair.reading.engine.url.set(drivername="postgresql").render_as_string(False))
    listener.autocommit = True
    with listener.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    first = pair.position()
    committed: list[float] = []
    seen: dict[int, float] = {}
    begun = time.perf_counter()
    for index in range(per_second * seconds):
        _listen(listener, seen, begun + index / per_second)
        events.commit(pair.outbox, 1, f"{label}-{index}")
        committed.append(time.perf_counter())
    deadline = time.perf_counter() + 10
    while max(seen, default=first) < first + len(committed) and time.perf_counter() < deadline:
        _listen(listener, seen, time.perf_counter() + 0.05)
    listener.close()
    return [1000 * (_seen_at(seen, first + 1 + index) - at) for index, at in enumerate(committed)]


def _seen_at(seen: dict[int, float], position: int) -> float:
    return min(moment for told, moment in seen.items() if told >= position)


def _listen(listener: psycopg2.extensions.connection, seen: dict[int, float], until: float) -> None:
    while (left := until - time.perf_counter()) > 0:
        if select.select([listener], [], [], left)[0]:
            listener.poll()
            now = time.perf_counter()
            for notice in listener.notifies:
                seen.setdefault(int(notice.payload), now)
            listener.notifies.clear()
