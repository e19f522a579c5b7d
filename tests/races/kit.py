"""Two units of work on one PostgreSQL database, the second begun while the first stands still in its middle.

A race proves three things: the second waits for the first; both end well; and what is left, with both answers, is what
the two would have left one after the other. See README.md in this folder.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, text
from werkzeug.wrappers import Response

from hongxia.database import Database
from hongxia.datakeys import ALGORITHM
from hongxia.sealed import place_of
from tests.datakeys import DATA_KEYS
from tests.races.threads import DEADLINE_SECONDS, Task
from tests.servers import NotInTime, wait_until

Act = Callable[[], Any]
Rows = dict[str, list[dict[str, Any]]]
"""The rows of every table, as PostgreSQL writes them in JSON."""


Comparable = tuple[dict[str, list[str]], list[str]]
"""The rows of every table and the two answers, without what is random."""


class LockMissing(AssertionError):
    """The two units of work did not take turns. This is what a race says when its lock is removed."""


class RaceNotSetUp(Exception):
    """The race itself is wrong: the first unit of work never came to the point at which it should stop."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a unit of work ended: with an answer, or with an error."""

    answer: Any = None
    error: Exception | None = None

    @staticmethod
    def of(act: Act) -> Ended:
        """Do it, and note how it ended."""
        try:
            return Ended(answer=act())
        except Exception as error:  # noqa: BLE001 - an error is a result too, held against that of the serial order
            return Ended(error=error)

    def shown(self) -> Any:
        """What of it can be compared between two runs."""
        if self.error is not None:
            return [type(self.error).__name__, str(self.error)]
        if isinstance(self.answer, Response):
            return [self.answer.status_code, self.answer.get_data(as_text=True)]
        return repr(self.answer)


class RaceDatabase:
    """A database that can be put back to an earlier state, and looked at from beside."""

    def __init__(self, url: str) -> None:
        """`url` is that of a migrated PostgreSQL database; its state now is the one that every race begins with."""
        self.url = url
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=0)
        metadata = MetaData()
        metadata.reflect(self._admin)
        self._tables: list[Table] = [table for table in metadata.sorted_tables if table.name != "alembic_version"]
        self._beginning = self.rows()

    def rows(self) -> Rows:
        """Every row of every table."""
        with self._admin.connect() as connection:
            return {
                table.name: list(connection.scalars(text(f'SELECT to_jsonb(t) FROM "{table.name}" t')))
                for table in self._tables
            }

    def restore(self, rows: Rows | None = None) -> None:
        """Put these rows in the place of all others; without any, those of the beginning."""
        with self._admin.connect() as connection:
            connection.execute(text("BEGIN"))
            for table in reversed(self._tables):
                connection.execute(table.delete())
            for table in self._tables:
                sent = json.dumps((rows or self._beginning)[table.name], ensure_ascii=False)
                row = f'NULL::public."{table.name}"'  # without the schema "box" would be the type of geometry
                insert = f'INSERT INTO "{table.name}" SELECT * FROM jsonb_populate_recordset({row}, :rows)'
                connection.execute(text(insert.replace(":rows", "CAST(:rows AS jsonb)")), {"rows": sent})
            connection.execute(text("COMMIT"))

    def waits_for(self, pid: int) -> bool:
        """Whether some session waits for a lock that the session of this process id holds."""
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND :pid = ANY(pg_blocking_pids(pid))"
        )
        with self._admin.connect() as connection:
            return bool(connection.scalar(text(waiting), {"pid": pid}))

    def end_sessions(self) -> None:
        """End what a failed race left open."""
        others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        with self._admin.connect() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))

    def close(self) -> None:
        """Close the connections."""
        self._admin.dispose()


class Stop:
    """A point at which one thread stops until it is released."""

    def __init__(self, pattern: str | None) -> None:
        """`pattern` is a regular expression for the statement after which to stop; None is before the commit."""
        self._pattern = re.compile(pattern, re.DOTALL) if pattern else None
        self._released = threading.Event()
        self._thread: int | None = None
        self.reached = threading.Event()
        self.pid = 0
        self.statements: list[str] = []

    @contextmanager
    def on(self, engine: Engine) -> Iterator[None]:
        """Watch the statements of an engine."""
        event.listen(engine, "after_cursor_execute", self._after_statement)
        event.listen(engine, "commit", self._before_commit)
        try:
            yield
        finally:
            self._released.set()
            event.remove(engine, "after_cursor_execute", self._after_statement)
            event.remove(engine, "commit", self._before_commit)

    def enter(self) -> None:
        """The thread that calls this is the one to stop."""
        self._thread = threading.get_ident()

    def release(self) -> None:
        """Let it go on."""
        self._released.set()

    def _after_statement(self, connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        plain = " ".join(statement.split())
        self.statements.append(plain)
        if self._pattern is not None and self._pattern.search(plain):
            self._stop(connection)

    def _before_commit(self, connection: Connection) -> None:
        if threading.get_ident() == self._thread and self._pattern is None:
            self._stop(connection)

    def _stop(self, connection: Connection) -> None:
        if self.reached.is_set():
            return
        driver: Any = connection.connection.dbapi_connection
        self.pid = driver.get_backend_pid()
        self.reached.set()
        self._released.wait(DEADLINE_SECONDS)


class Race:
    """Runs two units of work of one service against each other.

    race = new_race(OutreachService)
    ...                                      # what both find: builders, or calls of the API, on race.database
    race.between(first, second, after="FROM aid_case")
    """

    def __init__(self, at: RaceDatabase) -> None:
        self._at = at
        self.database = Database(at.url, pool_size=5, keys=DATA_KEYS)
        self.rows, self.restore = at.rows, at.restore

    def between(self, first: Act, second: Act, *, after: str | None = None) -> tuple[Any, Any]:
        """Begin `first`, stop it at a point, begin `second`, see that it waits, let both end; returns both answers.

        `first` stops after its first statement that matches the regular expression `after`; without one before its
        commit. Choose the statement that reads what must not change; don't name FOR UPDATE in it. Both must work on
        `race.database`. Raises LockMissing if they do not take turns, RaceNotSetUp if `first` did not stop, and what
        a unit of work raised in the race.
        """
        before = self._at.rows()
        expected = [self._one_after_the_other(before, first, second, turned) for turned in (False, True)]
        self._at.restore(before)
        ended = self._at_once(first, second, after)
        seen = _comparable(before, self._at.rows(), ended)
        if seen not in expected:
            raise LockMissing(_difference(seen, expected))
        for one in ended:
            if one.error is not None:
                raise one.error
        return ended[0].answer, ended[1].answer

    def _one_after_the_other(self, before: Rows, first: Act, second: Act, turned: bool) -> Comparable:
        """What is left of a serial order; `turned` does the second before the first."""
        self._at.restore(before)
        if turned:
            last, ended = Ended.of(second), Ended.of(first)
        else:
            ended, last = Ended.of(first), Ended.of(second)
        return _comparable(before, self._at.rows(), (ended, last))

    def _at_once(self, first: Act, second: Act, after: str | None) -> tuple[Ended, Ended]:
        stop = Stop(after)

        def stopping() -> Ended:
            stop.enter()
            return Ended.of(first)

        one, other = Task(stopping), Task(lambda: Ended.of(second))
        with stop.on(self.database.engine):
            one.start()
            _wait(lambda: stop.reached.is_set() or one.ended)
            if not stop.reached.is_set():
                raise RaceNotSetUp(
                    f"the first never came to {after or 'its commit'}: it ran {stop.statements}"
                    f" and ended with {one.result().shown()}"
                )
            other.start()
            waited = _wait(lambda: other.ended or self._at.waits_for(stop.pid)) and not other.ended
            stop.release()
            ended = one.result(), other.result()
        if not waited:
            raise LockMissing(f"the second did not wait for the first, and ended with {ended[1].shown()}")
        return ended

    def close(self) -> None:
        """Close the connections, and put the database back to its beginning."""
        self.database.close()
        self._at.end_sessions()
        self._at.restore()


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01")
_SALT = re.compile(r"(salt\W+)[0-9a-f]{32}")
_SERIAL = {"outbox": ("seq", "digest"), "idempotency": ("key",)}
"""Columns that count attempts, or cover what is random."""


def _comparable(before: Rows, after: Rows, ended: tuple[Ended, Ended]) -> Comparable:
    """Leave out what differs between any two runs: fresh ids (those that were not there before), traces, and salts."""
    known = set(_UUID.findall(json.dumps(before)))

    def plain(value: Any) -> str:
        shown = _TRACE.sub("<trace>", json.dumps(value, ensure_ascii=False, sort_keys=True))
        shown = _SALT.sub(r"\1<salt>", shown)
        return _UUID.sub(lambda found: found[0] if found[0] in known else "<new>", shown)

    tables = {
        name: sorted(
            plain({key: _text(name, row, key) for key in row if key not in _SERIAL.get(name, ())}) for row in rows
        )
        for name, rows in after.items()
    }
    return tables, [plain(one.shown()) for one in ended]


def _text(table: str, row: Mapping[str, Any], name: str) -> Any:
    """The body of an event as text, so that the ids in it can be found (PostgreSQL writes bytes in hexadecimal), and
    what is sealed in clear, because a text is sealed differently each time.
    """
    value = row[name]
    if isinstance(value, str) and value.startswith(f"{ALGORITHM}."):
        return DATA_KEYS.open(value, place_of(table, name, row["id"]))
    if isinstance(value, str) and value.startswith("\\x"):
        return bytes.fromhex(value[2:]).decode("utf-8", "replace")
    return value


def _difference(seen: Comparable, expected: list[Comparable]) -> str:
    """In words, what the race left that neither order leaves."""
    lines = ["the race left what neither order of the two leaves"]
    for name, order in zip(("first, second", "second, first"), expected, strict=True):
        lines.append(f"-- {name}:")
        lines += [
            f"   {table}: {order[0][table]}\n   but here {rows}"
            for table, rows in seen[0].items()
            if rows != order[0][table]
        ]
        if seen[1] != order[1]:
            lines.append(f"   answers: {order[1]}\n   but here {seen[1]}")
    return "\n".join(lines)


def _wait(condition: Callable[[], bool]) -> bool:
    """Wait for a condition; returns whether it came true in time."""
    try:
        return wait_until(condition, DEADLINE_SECONDS, "")
    except NotInTime:
        return False


_LOCKING = re.compile(r" FOR (?:NO KEY )?(?:UPDATE|SHARE|KEY SHARE)(?: OF [\w, ]+)?(?: NOWAIT| SKIP LOCKED)?", re.ASCII)
_ADVISORY = re.compile(r"pg_(?:try_)?advisory_(?:xact_)?lock\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")


@contextmanager
def without_lock(name: str | None) -> Iterator[None]:
    """Inside, the function "module:function" takes no lock in the database: what it asks for is left out of its SQL."""
    if name is None:
        yield
        return

    def leave_out(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> tuple[str, Any]:
        locking = _LOCKING.search(statement) or _ADVISORY.search(statement)
        if locking and _is_called_by(name):
            statement = _ADVISORY.sub("true", _LOCKING.sub("", statement))
        return statement, parameters

    event.listen(Engine, "before_cursor_execute", leave_out, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", leave_out)


def _is_called_by(name: str) -> bool:
    frame = sys._getframe(1)
    while frame is not None:
        function = frame.f_code.co_qualname.split(".<locals>")[0]
        if f"{frame.f_globals.get('__name__')}:{function}" == name:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
