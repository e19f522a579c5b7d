"""Who relays: a database that answers the lock as it is told, so that what becomes of its connections can be seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from hongxia.runtime.relay import leadership


class Server:
    """A database that is asked for the lock; `opened` are the connections that it has seen."""

    def __init__(self, path: Path) -> None:
        self.answer: Callable[[], int] = lambda: 0
        self.opened: list[sqlite3.Connection] = []
        self.engine: Engine = create_engine(f"sqlite:///{path}")
        event.listen(self.engine, "connect", self._connected)
        self.host: Any = SimpleNamespace(database=SimpleNamespace(embedded=False, engine=self.engine))

    def _connected(self, connection: sqlite3.Connection, _record: Any) -> None:
        connection.create_function("pg_try_advisory_lock", 1, lambda _lock: self.answer())
        self.opened.append(connection)

    def pooled(self) -> int:
        """How many connections lie in the pool."""
        return self.engine.pool.checkedin()  # type: ignore[attr-defined]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "service.sqlite3")
    yield made
    made.engine.dispose()


def is_closed(connection: sqlite3.Connection) -> bool:
    try:
        connection.total_changes  # noqa: B018 - asked for the error alone
    except sqlite3.ProgrammingError:
        return True
    return False


def test_a_replica_that_stands_by_opens_no_connection_each_time(server: Server) -> None:
    for _ in range(3):
        with leadership(server.host) as wake_up:
            assert wake_up is None
            assert server.pooled() == 1
    assert len(server.opened) == 1


def test_a_connection_that_has_the_lock_is_closed_if_it_fails(server: Server) -> None:
    server.answer = lambda: 1
    with pytest.raises(OperationalError, match="LISTEN"), leadership(server.host):
        pass  # SQLite knows no LISTEN
    assert [is_closed(one) for one in server.opened] == [True]


def test_a_connection_that_may_have_the_lock_is_closed(server: Server) -> None:
    def given_but_lost() -> int:
        raise RuntimeError

    server.answer = given_but_lost
    with pytest.raises(OperationalError), leadership(server.host):
        pass
    assert [is_closed(one) for one in server.opened] == [True]
