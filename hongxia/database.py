"""A service's database: sessions, one writer at a time on SQLite, and migrations."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from hongxia import sealed
from hongxia.datakeys import KeyRing

PING_AFTER_SECONDS = 2.0
IN_MEMORY = "sqlite://"

POOL = 5
OVERFLOW = 5
POOL_SECONDS = 10.0
"""How long a request waits for a connection; after that it is answered 503."""
CONNECTIONS_A_PROCESS = POOL + OVERFLOW + 2
"""How many connections a process may hold: those of its pool, the relay's own, and one that checks at start.
PostgreSQL's max_connections is derived from it (deploy/images/postgres/start).
"""

STATEMENT_SECONDS = 120
LOCK_SECONDS = 30
IDLE_IN_TRANSACTION_SECONDS = 60
CONNECT_SECONDS = 5
SILENCE_SECONDS = 30
"""How long a server may leave what was sent unacknowledged before its connection is given up."""

CONTEXT = "hongxia.context"
"""The key in a session's `info` under which `Database.begin` puts the context of the unit of work."""

_BEFORE_COMMIT = "hongxia.before-commit"

Hook = Callable[[Session], object]
"""What is called with the session of a unit of work."""


class Database:
    """One service's database. Needs no set-up and holds no session of its own.

    No network or broker call belongs inside `begin`. On SQLite a lock admits one writer at a time: SQLite itself
    waits in C, which under green threads would stop the whole process; this lock they can wait on.
    """

    def __init__(
        self,
        url: str,
        *,
        on_commit: Hook | None = None,
        keys: KeyRing | None = None,
        **engine_options: Any,
    ) -> None:
        """`url` is SQLAlchemy's; for PostgreSQL write postgresql+psycopg2://. `on_commit` is called after each commit
        of `begin`, with the session that was committed; it must not use the database. `keys` seal personal data; a
        database in memory gets keys of its own, which end with it, and any other without them refuses such data.
        """
        self.url = url
        self._on_commit = on_commit
        self.embedded = url.startswith("sqlite")
        if not self.embedded:
            engine_options = {
                "pool_size": POOL,
                "max_overflow": OVERFLOW,
                "pool_timeout": POOL_SECONDS,
                "connect_args": bounds(),
                **engine_options,
            }
        self.engine = create_engine(url, hide_parameters=True, **engine_options)
        if keys is None and url == IN_MEMORY:
            keys = KeyRing.made()
        if keys is not None:
            sealed.use(self.engine, keys)
        self._writer: AbstractContextManager[Any] = threading.Lock() if self.embedded else nullcontext()
        if self.embedded:
            _let_sqlalchemy_begin(self.engine)
        else:
            _ping_after_idling(self.engine)
            _resolve_names(self.engine)

    @property
    def keys(self) -> KeyRing:
        """The keys that seal and hash personal data. Raises NoKeys."""
        return sealed.ring_of(self.engine.dialect)

    @contextmanager
    def begin(self, context: object) -> Iterator[Session]:
        """Open a unit of work: what it wrote, and what its `before_commit` hooks write, is committed together, or none
        of it. `context` (a hongxia.events.context.Context) is kept for those who write on the session's behalf.
        """
        with self._writer, Session(self.engine, expire_on_commit=False, info={CONTEXT: context}) as session:
            with session.begin():
                if self.embedded:
                    session.execute(text("BEGIN IMMEDIATE"))
                yield session
                session.flush()
                for hook in session.info.get(_BEFORE_COMMIT, ()):
                    hook(session)
            if self._on_commit:
                self._on_commit(session)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session to read in; anything written in it is rolled back."""
        with Session(self.engine) as session:
            if self.embedded:
                session.execute(text("BEGIN"))
            yield session
            session.rollback()

    def ping(self) -> None:
        """Raises what the driver raises if the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def bounds() -> dict[str, Any]:
    """Return libpq's parameters by which no statement, lock, transaction or silent server holds a service for ever.

    Migrations connect without them: a large one takes its time, and nothing waits for it but the start.
    """
    settings = {
        "statement_timeout": STATEMENT_SECONDS,
        "lock_timeout": LOCK_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_SECONDS,
    }
    return {
        "options": " ".join(f"-c {name}={seconds}s" for name, seconds in settings.items()),
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": SILENCE_SECONDS,
        "keepalives_interval": SILENCE_SECONDS // 3,
        "keepalives_count": 3,
        "tcp_user_timeout": SILENCE_SECONDS * 1000,
    }


def before_commit(session: Session, hook: Hook) -> None:
    """Have a hook write in the transaction of a session of `Database.begin`, after all else and just before the commit.
    A hook that is given again is called once.
    """
    hooks: list[Hook] = session.info.setdefault(_BEFORE_COMMIT, [])
    if hook not in hooks:
        hooks.append(hook)


def is_infrastructure(error: BaseException) -> bool:
    """Whether an error says that the database is away or busy, not that the data is wrong: wait and retry."""
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def is_collision(error: BaseException) -> bool:
    """Whether another transaction made the same thing at the same time: a unique constraint refused the second."""
    if not isinstance(error, IntegrityError):
        return False
    return getattr(error.orig, "pgcode", None) == "23505" or "UNIQUE" in str(error.orig)


def _resolve_names(engine: Engine) -> None:
    """libpq asks for a name in C, which stops every green thread: for seconds where a stopped container's name is not
    known. Python's resolver is green, and libpq is handed the address.
    """

    @event.listens_for(engine, "do_connect")
    def on_connect(_dialect: Any, _record: Any, _cargs: Any, cparams: dict[str, Any]) -> None:
        host = cparams.get("host")
        if not host or host.startswith("/"):
            return
        try:
            found = socket.getaddrinfo(host, cparams.get("port") or 5432, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise OperationalError(None, None, error) from None
        cparams["hostaddr"] = found[0][4][0]


def _let_sqlalchemy_begin(engine: Engine) -> None:
    """pysqlite begins transactions of its own, too late for a savepoint; SQLAlchemy's documentation, "SQLite"."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA busy_timeout=10000")


def _ping_after_idling(engine: Engine) -> None:
    """Ask a pooled connection whether it still lives, but only if it lay idle: a busy one tells by itself, and the
    question costs as much as a small query. SQLAlchemy's documentation, "Custom / Legacy Pessimistic Ping".
    """

    @event.listens_for(engine, "checkin")
    def on_checkin(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("idle_since", monotonic()) < PING_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


def _alembic(url: str, migrations: str) -> Config:
    """Alembic's configuration for the migrations package of a service, "package.module:folder"."""
    package, folder = migrations.split(":")
    config = Config()
    config.set_main_option("script_location", str(Path(import_module(package).__path__[0]) / folder))
    config.attributes["url"] = url
    return config


def migrate(url: str, migrations: str) -> None:
    """Bring a database to the newest revision."""
    command.upgrade(_alembic(url, migrations), "head")


def pending_revision(database: Database, migrations: str) -> str | None:
    """The revision that the code wants and the database does not have; None if they agree."""
    head = ScriptDirectory.from_config(_alembic(database.url, migrations)).get_current_head()
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return None if current == head else head
