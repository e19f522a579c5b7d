"""The servers as pytest fixtures, by `pytest_plugins = ["tests.servers.fixtures"]` in tests/conftest.py."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TypeVar

import pytest

from .postgres import PostgreSQL, open_postgresql
from .processes import Process, Unavailable
from .rabbitmq import RabbitMQ, open_rabbitmq

T = TypeVar("T")


def pytest_configure() -> None:
    """Let SIGTERM end the tests as Ctrl-C does: fixtures then drop their databases on a given server."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _or_say_what_is_missing(open_server: Callable[[], T]) -> T:
    try:
        return open_server()
    except Unavailable as error:
        missing = str(error)
    pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """The broker, running. A test that stops, kills or wipes it starts it again."""
    with _or_say_what_is_missing(open_rabbitmq) as broker:
        yield broker


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """The database server, running, with commits that wait for the disk."""
    with _or_say_what_is_missing(open_postgresql) as server:
        yield server


@pytest.fixture
def database_url(postgres: PostgreSQL) -> Iterator[Callable[[str], str]]:
    """A function that makes an empty database and returns its URL; the test's databases go with the test."""
    made: list[str] = []

    def create(name: str = "db") -> str:
        made.append(postgres.create_database(name))
        return made[-1]

    yield create
    for url in made:
        postgres.drop_database(url)


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """A function (name, command, env) that starts a process, output in `tmp_path`; all end with the test."""
    started: list[Process] = []

    def start(
        name: str, command: Sequence[str | PathLike[str]], env: Mapping[str, str | None] | None = None
    ) -> Process:
        process = Process(command, log=tmp_path / f"{name}.log", env=env, name=name)
        started.append(process)
        return process.start()

    yield start
    for process in reversed(started):
        process.kill()
