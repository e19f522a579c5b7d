"""The backends as fixtures: each case runs once for each storage and each transport that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hongxia.database import Database
from tests.conformance.backends import STORAGES, TRANSPORTS, Broker, PostgreSQLPool, SQLiteFolder, Storage
from tests.servers import PostgreSQL


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> SQLiteFolder:
    """Where the files of SQLite are made."""
    return SQLiteFolder(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_pool(postgres: PostgreSQL) -> Iterator[PostgreSQLPool]:
    """Databases on the session's PostgreSQL server."""
    pool = PostgreSQLPool(postgres.create_database)
    yield pool
    pool.close()


@pytest.fixture(params=STORAGES)
def new_storage(request: pytest.FixtureRequest) -> Iterator[Callable[[], Storage]]:
    """A function that gives one more empty storage of the backend under test."""
    pool = request.getfixturevalue("sqlite_folder" if request.param == "sqlite" else "postgresql_pool")
    with ExitStack() as borrowed:
        yield lambda: borrowed.enter_context(pool.borrow())


@pytest.fixture
def storage(new_storage: Callable[[], Storage]) -> Storage:
    """An empty storage."""
    return new_storage()


@pytest.fixture
def database(storage: Storage) -> Database:
    """The storage, opened by one process."""
    return storage.open()


@pytest.fixture
def reader_database(new_storage: Callable[[], Storage], database: Database) -> Database:
    """The database of a consumer, beside `database` that is the source's."""
    return new_storage().open()


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A broker with a source and a consumer that no other test has."""
    uri = "memory://" if request.param == "memory" else request.getfixturevalue("rabbitmq").uri
    broker = Broker(uri, TRANSPORTS[request.param])
    yield broker
    broker.close()
