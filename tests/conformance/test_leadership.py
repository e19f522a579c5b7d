"""Who relays: one replica of a service at a time; another one takes over when its session ends; a commit wakes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from hongxia.runtime.green import Bell
from hongxia.runtime.relay import LeadershipLost, WakeUp, leadership
from tests.conformance.backends import DEADLINE_SECONDS, PostgreSQLStorage, Storage, storages_with
from tests.conformance.cases import append
from tests.races.threads import start
from tests.servers import wait_until

several_replicas = pytest.mark.parametrize("new_storage", storages_with("replicas"), indirect=True)
LOST = (DBAPIError, LeadershipLost)
"""What says that the leader's session is over: the connection is polled below SQLAlchemy."""

LONG = 600.0
"""Longer than any test: whoever still waits then was not woken."""


class Replica:
    """One running service, as far as the relay sees it."""

    def __init__(self, storage: Storage) -> None:
        self.bell = Bell()
        self.database = storage.open_with_notice(lambda _types: self.bell.ring())

    @property
    def engine(self) -> Engine:
        """The engine of its database."""
        return self.database.engine

    def connections(self) -> tuple[int, int]:
        """How many connections are in use, and how many wait in the pool."""
        pool: Any = self.engine.pool
        return pool.checkedout(), pool.checkedin()


@contextmanager
def led_by(replica: Replica) -> Iterator[WakeUp | None]:
    """What the replica's relay is given when it asks for leadership."""
    host: Any = SimpleNamespace(database=replica.database, bell=replica.bell)
    with leadership(host) as wake_up:
        yield wake_up


def leads(replica: Replica) -> bool:
    """Whether it would become the leader if it asked now."""
    with led_by(replica) as wake_up:
        return wake_up is not None


def takes_over(replica: Replica) -> None:
    """Wait until it becomes the leader. PostgreSQL gives the lock back when it notices that a session has ended."""
    wait_until(lambda: leads(replica), DEADLINE_SECONDS, "the replica takes over")


def test_the_only_replica_leads_again_and_again(storage: Storage) -> None:
    replica = Replica(storage)
    assert leads(replica)
    takes_over(replica)
    takes_over(replica)
    assert replica.connections()[0] == 0


def test_of_two_replicas_one_leads_and_the_other_does_when_the_first_has_ended(storage: Storage) -> None:
    """SQLite is for one process, which leads always."""
    first, second = Replica(storage), Replica(storage)
    with led_by(first) as wake_up:
        assert wake_up is not None
        assert leads(second) is not storage.features.replicas
    takes_over(second)


def test_a_leader_that_fails_gives_the_lead_back(storage: Storage) -> None:
    first, second = Replica(storage), Replica(storage)
    with pytest.raises(RuntimeError), led_by(first):
        raise RuntimeError
    takes_over(second)


def test_a_commit_before_the_leader_waits_is_not_missed(storage: Storage) -> None:
    replica = Replica(storage)

    def wait() -> None:
        with led_by(replica) as wake_up:
            assert wake_up is not None
            append(replica.database, 1)
            wake_up.wait(LONG)

    start(wait).result()


def test_a_leader_with_nothing_to_do_waits_no_longer_than_it_wants_to(storage: Storage) -> None:
    replica = Replica(storage)

    def wait() -> None:
        with led_by(replica) as wake_up:
            assert wake_up is not None
            wake_up.wait(0.01)

    start(wait).result()


def test_the_leadership_of_one_service_is_not_that_of_another(new_storage) -> None:
    """Each has its own database; on one server that is what keeps them apart."""
    with led_by(Replica(new_storage())) as one, led_by(Replica(new_storage())) as other:
        assert one is not None
        assert other is not None


@several_replicas
def test_a_commit_of_another_replica_wakes_the_leader_while_it_waits(storage: Storage) -> None:
    leader, writer = Replica(storage), Replica(storage)
    listening = []

    def wait() -> None:
        with led_by(leader) as wake_up:
            assert wake_up is not None
            listening.append(wake_up)
            wake_up.wait(LONG)

    waiting = start(wait)
    wait_until(lambda: listening, DEADLINE_SECONDS, "the leader listens")
    append(writer.database, 1)
    waiting.result()


@several_replicas
def test_a_unit_of_work_without_events_wakes_nobody(storage: PostgreSQLStorage) -> None:
    leader, writer = Replica(storage), Replica(storage)
    with led_by(leader) as wake_up:
        assert wake_up is not None
        with writer.database.begin(SimpleNamespace()):  # type: ignore[arg-type]
            pass
        connection: Any = wake_up._connection
        connection.poll()
        assert connection.notifies == []


@several_replicas
def test_when_the_leaders_session_is_killed_it_learns_so_and_another_replica_takes_over(
    storage: PostgreSQLStorage,
) -> None:
    first, second = Replica(storage), Replica(storage)

    def lead_until_the_session_ends() -> None:
        with led_by(first) as wake_up:
            assert wake_up is not None
            assert not leads(second)
            assert storage.end_sessions("query LIKE 'LISTEN%'") == 1
            for _ in range(10):  # the end of the session may first look like a wake-up, and then does no longer
                wake_up.wait(LONG)

    with pytest.raises(LOST):
        start(lead_until_the_session_ends).result()
    takes_over(second)
    takes_over(first)


@several_replicas
def test_a_replica_that_stands_by_opens_no_connection_each_time(storage: Storage) -> None:
    first, second = Replica(storage), Replica(storage)
    opened: list[Any] = []
    event.listen(second.engine, "connect", lambda connection, _record: opened.append(connection))
    with led_by(first):
        assert [leads(second) for _ in range(5)] == [False] * 5
    assert (len(opened), second.connections()) == (1, (0, 1))


@several_replicas
def test_a_connection_that_had_the_lock_never_goes_back_to_the_pool(storage: PostgreSQLStorage) -> None:
    """It belongs to the session, so that whoever got the connection next would hold it without knowing."""
    replica = Replica(storage)
    assert leads(replica)
    wait_until(lambda: storage.sessions() == 0, DEADLINE_SECONDS, "its session has ended")
    assert advisory_locks(storage) == 0


@several_replicas
@pytest.mark.parametrize("statement", ["pg_try_advisory_lock", "LISTEN"])
def test_a_leader_whose_connection_fails_at_once_leaves_no_lock_behind(
    storage: PostgreSQLStorage, statement: str
) -> None:
    """The lock may have been given without the answer having come."""
    replica = Replica(storage)

    @event.listens_for(replica.engine, "after_cursor_execute")
    def lose(_connection: Any, _cursor: Any, sent: str, *_more: Any) -> None:
        if statement in sent:
            raise OperationalError(sent, None, Exception("lost"))

    with pytest.raises(OperationalError), led_by(replica):
        pass
    wait_until(lambda: advisory_locks(storage) == 0, DEADLINE_SECONDS, "the lock is gone with its session")
    assert leads(Replica(storage))


def advisory_locks(storage: PostgreSQLStorage) -> int:
    """How many advisory locks are held in this database."""
    held = storage.ask(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
        " WHERE locktype = 'advisory' AND datname = current_database()"
    )
    assert isinstance(held, int)
    return held
