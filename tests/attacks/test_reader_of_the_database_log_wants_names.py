"""Who reads PostgreSQL's log wants names and resident numbers. Statements hold them wherever something goes wrong, so
the log of the deployment's server holds neither statements nor parameters nor DETAIL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg2
import pytest
from sqlalchemy import make_url

from tests.servers import Unavailable, wait_until
from tests.servers.postgres import PrivatePostgreSQL

ROOT = Path(__file__).parents[2]
NAME, NUMBER, BORN = "丁烛明", "990101194903150026", "1949-03-15"
MARKS = (NAME, NUMBER, BORN)
WAIT_SECONDS = 30.0


def deployed_settings() -> dict[str, str]:
    """What the deployment's server is started with about its log."""
    script = (ROOT / "deploy" / "images" / "postgres" / "start").read_text(encoding="utf-8")
    options = script[script.index("settings=(") : script.index("\n)", script.index("settings=("))]
    return dict(re.findall(r"-c (log_\w+)=(\S+)", options))


@pytest.fixture(scope="module")
def server() -> Iterator[PrivatePostgreSQL]:
    """PostgreSQL with the deployment's settings of the log."""
    try:
        server = PrivatePostgreSQL(durable=False)
    except Unavailable as error:
        pytest.fail(str(error), pytrace=False)
    with (server.data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in deployed_settings().items())
    with server:
        yield server


@pytest.fixture(scope="module")
def connect(server: PrivatePostgreSQL) -> Callable[[], Any]:
    """A function that connects to a database with two persons in it, as psycopg2 does."""
    url = make_url(server.create_database("registry"))

    def connected() -> Any:
        return psycopg2.connect(
            host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
        )

    with connected() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE person (name text, number text UNIQUE, born date, CHECK (length(number) = 18))")
        cursor.executemany("INSERT INTO person VALUES (%s, %s, %s)", [(NAME, NUMBER, BORN), ("甲", "1" * 18, BORN)])
    return connected


def log_of(server: PrivatePostgreSQL) -> str:
    return (server.directory / "postgresql.log").read_text(encoding="utf-8", errors="replace")


def seen(server: PrivatePostgreSQL, message: str) -> str:
    """The log, once it holds a message."""
    wait_until(lambda: message in log_of(server), WAIT_SECONDS, lambda: f"{message} is logged\n{log_of(server)}")
    return log_of(server)


def must_not_tell(log: str) -> None:
    assert [mark for mark in MARKS if mark in log] == []
    assert "STATEMENT:" not in log
    assert "DETAIL:" not in log


def test_a_backend_that_is_terminated_writes_no_statement(
    server: PrivatePostgreSQL, connect: Callable[[], Any]
) -> None:
    victim, killer = connect(), connect()
    pid = victim.get_backend_pid()
    statement = "INSERT INTO person SELECT %s, %s, %s FROM pg_sleep(60)"

    def work() -> None:
        with pytest.raises(psycopg2.Error), victim.cursor() as cursor:
            cursor.execute(statement, (NAME, NUMBER, BORN))

    thread = Thread(target=work)
    thread.start()
    with killer.cursor() as cursor:

        def is_busy() -> bool:
            cursor.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", (pid,))
            return cursor.fetchone() == ("active",)

        killer.autocommit = True
        wait_until(is_busy, WAIT_SECONDS, lambda: "the statement runs")
        cursor.execute("SELECT pg_terminate_backend(%s)", (pid,))
    thread.join(WAIT_SECONDS)
    killer.close()
    must_not_tell(seen(server, "terminating connection due to administrator command"))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("INSERT INTO person VALUES (%s, %s, %s)", "duplicate key value violates unique constraint"),
        ("INSERT INTO person VALUES (%s, substr(%s, 2), %s)", "violates check constraint"),
        ("SELECT %s, %s, CAST(%s AS date), 1 / 0", "division by zero"),
        ("SELECT %s FROM nowhere WHERE %s = %s", 'relation "nowhere" does not exist'),
    ],
)
def test_a_statement_that_fails_is_not_written_nor_the_row_at_fault(
    server: PrivatePostgreSQL, connect: Callable[[], Any], statement: str, message: str
) -> None:
    connection = connect()
    with pytest.raises(psycopg2.Error), connection.cursor() as cursor:
        cursor.execute(statement, (NAME, NUMBER, BORN))
    connection.close()
    must_not_tell(seen(server, message))


def test_a_deadlock_does_not_show_the_statements_of_both(server: PrivatePostgreSQL, connect: Callable[[], Any]) -> None:
    update = "UPDATE person SET name = %s, born = %s WHERE number = %s"
    one, other = connect(), connect()
    with one.cursor() as cursor:
        cursor.execute(update, (NAME, BORN, NUMBER))
    with other.cursor() as cursor:
        cursor.execute(update, (NAME, BORN, "1" * 18))
    failures: list[psycopg2.Error] = []

    def cross(connection: Any, number: str) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(update, (NAME, BORN, number))
        except psycopg2.Error as error:
            failures.append(error)

    threads = [Thread(target=cross, args=(one, "1" * 18)), Thread(target=cross, args=(other, NUMBER))]
    for thread in threads:
        thread.start()
    log = seen(server, "deadlock detected")
    must_not_tell(log)
    for connection in (one, other):
        connection.rollback() if not connection.closed else None
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert len(failures) == 1
