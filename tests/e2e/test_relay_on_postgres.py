"""The relay's loop on a real PostgreSQL: who holds the lock, what wakes it, and what a restart of the server does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text

from hongxia.database import Database
from hongxia.events import feed
from hongxia.runtime import relay
from hongxia.runtime.host import Host
from hongxia.runtime.relay import LOCK, RelayLoop
from tests.servers import wait_until
from tests.unit.events_builders import SOURCE, raise_event
from tests.unit.runtime_builders import new_host, sample

DEADLINE = 60


class Replica:
    """One process's relay of a service, in a thread of its own. `error` is what ended it, if anything did."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.loop = RelayLoop(host)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.loop.run()
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            self.error = error

    @property
    def leads(self) -> bool:
        return sample(self.host, "relay_active") == 1

    def stop(self) -> None:
        self.loop._running = False
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive(), "it does not stop"


@pytest.fixture
def url(database_url: Callable[[str], str]) -> str:
    return database_url("relay")


@pytest.fixture
def service(url: str) -> Iterator[Database]:
    """The service's database, as whoever writes to it sees it."""
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def replica(url: str, service: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Replica]]:
    """Starts replicas; they are stopped after the test."""
    started: list[Replica] = []
    monkeypatch.setattr(relay, "POLL_SECONDS", 0.5)

    def start() -> Replica:
        host = new_host(url) if not started else Host("origin", started[0].host.definition, started[0].host.settings)
        started.append(Replica(host))
        return started[-1]

    yield start
    for one in started:
        one.stop()
        one.host.database.close()


def holders(url: str) -> list[int]:
    """The server processes that hold the relay's lock in this database."""
    query = (
        "SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.objid = :lock AND d.datname = current_database()"
    )
    engine = create_engine(url)
    with engine.connect() as connection:
        found = list(connection.scalars(text(query), {"lock": LOCK}))
    engine.dispose()
    return found


def waits_idle(url: str, pid: int) -> bool:
    """Whether a server process has answered its last statement, LISTEN, and waits for the next."""
    engine = create_engine(url)
    with engine.connect() as connection:
        query = text("SELECT state = 'idle' AND query LIKE 'LISTEN%' FROM pg_stat_activity WHERE pid = :pid")
        found = bool(connection.scalar(query, {"pid": pid}))
    engine.dispose()
    return found


def terminate(url: str, pid: int) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    engine.dispose()


def commit(database: Database, version: int) -> None:
    with database.begin(SOURCE) as session:
        raise_event(session, version)


def head(database: Database) -> int:
    with database.read() as session:
        return feed.head(session).position


def numbered(database: Database, position: int) -> None:
    wait_until(lambda: head(database) == position, DEADLINE, f"event {position} has a number")


def test_a_commit_of_another_process_wakes_the_relay(
    url: str, service: Database, replica: Callable[[], Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = replica()
    wait_until(lambda: one.leads, DEADLINE, "it leads")
    monkeypatch.setattr(relay, "POLL_SECONDS", DEADLINE * 100)  # from now on a notice alone wakes it
    for version in (1, 2, 3):
        commit(service, version)
        numbered(service, version)
    monkeypatch.setattr(relay, "POLL_SECONDS", 0.5)
    commit(service, 4)  # lets it see the shorter wait
    numbered(service, 4)


def test_the_relay_goes_on_when_the_database_ends_its_connection_while_it_waits(
    url: str, service: Database, replica: Callable[[], Replica]
) -> None:
    one = replica()
    for version in range(1, 6):
        [pid] = wait_until(lambda: holders(url), DEADLINE, "it holds the lock")
        wait_until(lambda pid=pid: waits_idle(url, pid), DEADLINE, "it waits")
        terminate(url, pid)
        [again] = wait_until(
            lambda pid=pid: [holder for holder in holders(url) if holder != pid], DEADLINE, "it holds the lock again"
        )
        assert again != pid
        commit(service, version)
        numbered(service, version)
        assert one.error is None
    assert one.thread.is_alive()


def test_one_of_two_replicas_leads_and_the_other_takes_over(
    url: str, service: Database, replica: Callable[[], Replica]
) -> None:
    first = replica()
    wait_until(lambda: first.leads, DEADLINE, "the first leads")
    second = replica()
    commit(service, 1)
    numbered(service, 1)
    assert (len(holders(url)), second.leads) == (1, False)
    first.stop()
    wait_until(lambda: second.leads, DEADLINE, "the second leads")
    assert (len(holders(url)), first.leads) == (1, False)
    commit(service, 2)
    numbered(service, 2)
