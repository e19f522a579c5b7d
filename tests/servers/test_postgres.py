import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.servers import PostgreSQL, PrivatePostgreSQL, Unavailable, open_postgresql, wait_until
from tests.servers.install import postgresql_folder
from tests.servers.reaper import alive, family

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[PrivatePostgreSQL]:
    """A cluster of this module's own, whatever DATABASE_URL says: the tests kill it."""
    if "DATABASE_URL" in os.environ and not postgresql_folder():
        pytest.skip("a server is given and none is installed")
    with open_postgresql({}) as ours:
        assert isinstance(ours, PrivatePostgreSQL)
        yield ours


def ask(url: str, statement: str) -> list[str]:
    """The first column of what a statement returns, if it returns anything."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        result = connection.execute(text(statement))
        return [str(value) for value in result.scalars()] if result.returns_rows else []


def databases(url: str) -> list[str]:
    return ask(url, "SELECT datname FROM pg_database")


def test_a_commit_outlives_sigkill(server: PrivatePostgreSQL) -> None:
    url = server.create_database("registry")
    ask(url, "CREATE TABLE visit AS SELECT '家访' AS kind")
    everyone = family(server.server.pid)
    server.kill()
    assert not any(map(alive, everyone))
    assert not server.answers()
    server.start()
    assert ask(url, "SELECT kind FROM visit") == ["家访"]
    server.restart()
    assert ask(url, "SELECT kind FROM visit") == ["家访"]


def test_commits_wait_for_the_disk_unless_told_otherwise(server: PrivatePostgreSQL) -> None:
    url = server.create_database()
    assert [ask(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit")] == [["on"], ["on"]]
    with PrivatePostgreSQL(durable=False) as fast:
        url = fast.create_database()
        assert [ask(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit")] == [["off"], ["off"]]


def test_databases_of_one_name_are_two_and_are_dropped_under_their_users(server: PrivatePostgreSQL) -> None:
    first, second = server.create_database("Finance-1"), server.create_database("Finance-1")
    assert first != second
    assert first.startswith("postgresql+psycopg2://")
    user = create_engine(first).connect()
    server.drop_database(first)
    assert ask(second, "SELECT count(*) FROM pg_database WHERE datname LIKE 'finance_1_%'") == ["1"]
    user.invalidate()
    with pytest.raises(ValueError, match="not a database made here"):
        server.drop_database(first)


def test_a_given_server_is_used_and_left_as_it_was(server: PrivatePostgreSQL) -> None:
    url = server.create_database()
    before = databases(url)
    given = open_postgresql({"DATABASE_URL": url.replace("+psycopg2", "")})
    assert not given.private
    with given:
        ask(given.create_database("finance"), "CREATE TABLE line (id integer)")
        assert len(databases(url)) == len(before) + 1
        for forbidden in (given.stop, given.kill, given.restart):
            with pytest.raises(Unavailable, match="DATABASE_URL"):
                forbidden()
    assert databases(url) == before


def test_another_database_is_refused() -> None:
    with pytest.raises(Unavailable, match="sqlite"):
        PostgreSQL("sqlite:///somewhere.db")


INTERRUPTED = """
import time

def test_that_takes_long(database_url, start_process):
    database_url("finance")
    print("READY", start_process("sleep", ["sleep", "600"]).pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_tests_take_their_fixtures_down(
    server: PrivatePostgreSQL, tmp_path: Path, number: signal.Signals
) -> None:
    url = server.create_database()
    before = databases(url)
    (tmp_path / "test_long.py").write_text(INTERRUPTED)
    tests = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pytest",
            "-s",
            "-p",
            "tests.servers.fixtures",
            "--rootdir",
            tmp_path,
            tmp_path,
        ],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        # whoever runs us in the background may have it ignored, and that is inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert tests.stdout
    pid = int(next(line for line in tests.stdout if "READY" in line).split()[-1])
    assert len(databases(url)) == len(before) + 1
    tests.send_signal(number)
    tests.communicate(timeout=30)
    assert databases(url) == before
    wait_until(lambda: not alive(pid), 5, "its process has ended")


def test_closing_leaves_no_process_no_file_and_no_shared_memory() -> None:
    if not postgresql_folder():
        pytest.skip("PostgreSQL is not installed")
    with PrivatePostgreSQL() as server:
        server.kill()
        segment = (server.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
    assert not server.directory.exists()
    assert segment not in subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=True).stdout.split()
