"""A race on PostgreSQL for each lock; each is run with its lock, and once more without it, when it has to fail."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import pytest
from sqlalchemy import create_engine

from hongxia.database import migrate
from hongxia.events.tables import platform_metadata, start_log
from hongxia.runtime.service import Service
from tests.conformance.backends import cases_metadata
from tests.races import things
from tests.races.kit import LockMissing, Race, RaceDatabase, without_lock
from tests.servers import PostgreSQL
from tests.unit import store_service

assert things.Thing.metadata is cases_metadata  # importing it puts its table among those of the cases

NewRace = Callable[..., Race]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a race once as it is, and once for each lock that it names, without that lock."""
    names = [name for marker in metafunc.definition.iter_markers("lock") for name in marker.args]
    if names:
        runs = [pytest.param(None, id="locked"), *(pytest.param(name, id=f"without {name}") for name in names)]
        metafunc.parametrize("removed_lock", runs, indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A race without its lock passes if it notices, and fails otherwise."""
    removed = pyfuncitem.funcargs.get("removed_lock")
    if removed is None:
        return (yield)
    try:
        yield
    except LockMissing:
        return True
    pytest.fail(f"passes although {removed} takes no lock", pytrace=False)


@pytest.fixture(autouse=True)
def removed_lock(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The lock that is removed while the test runs, if any is."""
    name: str | None = getattr(request, "param", None)
    with without_lock(name):
        yield name


@pytest.fixture(scope="session")
def race_databases(postgres: PostgreSQL) -> Iterator[dict[str, RaceDatabase]]:
    """The databases made so far, by the service whose tables they have."""
    made: dict[str, RaceDatabase] = {}
    yield made
    for database in made.values():
        database.close()


@pytest.fixture
def new_race(postgres: PostgreSQL, race_databases: dict[str, RaceDatabase]) -> Iterator[NewRace]:
    """A function that gives a Race on the migrated database of a service, or on the platform's tables alone."""
    running: list[Race] = []

    def begin(service: type[Service] | None = None) -> Race:
        name = service.name if service else "platform"
        if name not in race_databases:
            url = postgres.create_database(f"race_{name}")
            if service is not None:
                migrate(url, service.definition.migrations)
            else:
                make_platform_tables(url)
            race_databases[name] = RaceDatabase(url)
        running.append(Race(race_databases[name]))
        return running[-1]

    yield begin
    for race in running:
        race.close()


def make_platform_tables(url: str) -> None:
    """The tables of the platform, with an empty log, those of the conformance suite's consumers, and a store's."""
    engine = create_engine(url)
    with engine.begin() as connection:
        platform_metadata.create_all(connection)
        cases_metadata.create_all(connection)
        store_service.Base.metadata.create_all(connection)
        start_log(connection)
    engine.dispose()


@pytest.fixture
def race(new_race: NewRace) -> Race:
    """A race on the platform's tables."""
    return new_race()
