"""A PostgreSQL server for tests: a private cluster of our own, or the one at DATABASE_URL."""

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
from collections.abc import Mapping
from typing import Self

from sqlalchemy import URL, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from . import install
from .processes import Process, Unavailable, as_user, free_port, run, temporary_directory, wait_until
from .server import Server

START_SECONDS = 60.0
STOP_SECONDS = 60.0
ACCOUNTS = ("postgres", "nobody")
IDENTIFIER_LENGTH = 63


class PostgreSQL(Server):
    """The server at DATABASE_URL: databases can be made on it, it can't be stopped or killed."""

    given_by = "DATABASE_URL"

    def __init__(self, url: str | URL) -> None:
        """`url` names a user who may create databases, and a database to which that user can connect.

        Raises Unavailable if it is no PostgreSQL URL.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() != "postgresql":
            raise Unavailable(f"DATABASE_URL is not one of PostgreSQL ({parsed.drivername}); 不是 PostgreSQL 地址")
        # named, since `postgresql://` alone means psycopg 3 to SQLAlchemy 2.1
        self._admin = parsed.set(drivername="postgresql+psycopg2")
        self._created: set[str] = set()
        self._refusal = ""  # why the last connection failed

    def start(self) -> Self:
        """Wait until it takes connections."""
        wait_until(self.answers, START_SECONDS, lambda: f"{self._admin!r} answers a query\n{self._refusal}")
        return self

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def answers(self) -> bool:
        """Whether it takes a connection and answers a query."""
        try:
            self._execute("SELECT 1")
        except OperationalError as error:
            self._refusal = str(error.orig)
            return False
        return True

    def create_database(self, name: str = "db") -> str:
        """Create an empty database and return its URL, postgresql+psycopg2://….

        The real name is `name` with something random behind it, so that runs on one server do not meet.
        """
        suffix = f"_{secrets.token_hex(4)}"
        database = re.sub(r"\W+", "_", name.lower())[: IDENTIFIER_LENGTH - len(suffix)] + suffix
        self._execute(f"CREATE DATABASE \"{database}\" TEMPLATE template0 ENCODING 'UTF8'")
        self._created.add(database)
        return self._admin.set(database=database).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made, cutting its connections."""
        database = make_url(url).database
        if database not in self._created:
            raise ValueError(f"not a database made here: {database}")
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        self._created.discard(database)

    def close(self) -> None:
        """Drop what is left of our databases."""
        for database in list(self._created):
            self.drop_database(f"postgresql:///{database}")

    def _execute(self, statement: str) -> None:
        engine = create_engine(
            self._admin, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args={"connect_timeout": 5}
        )
        with engine.connect() as connection:
            connection.execute(text(statement))


class PrivatePostgreSQL(PostgreSQL):
    """A cluster of our own in a temporary directory, on the loopback interface alone."""

    private = True

    def __init__(self, *, durable: bool = True) -> None:
        """Make the cluster; nothing runs until `start`. Not `durable`: commits do not wait for the disk.

        Raises Unavailable when PostgreSQL is not installed.
        """
        folder = install.postgresql_folder()
        if not folder:
            raise Unavailable("PostgreSQL is not installed; 未安装 PostgreSQL")
        self.port = free_port()
        self._user = _account()
        self.directory = temporary_directory("postgresql", user=self._user)
        self.data = self.directory / "data"
        password = secrets.token_hex(16)
        self._initialise(folder / "initdb", password)
        self._configure(durable=durable)
        self.server = Process(
            [folder / "postgres", "-D", self.data],
            log=self.directory / "postgresql.log",
            cwd=self.directory,
            user=self._user,
            last_signal=signal.SIGQUIT,  # gives its shared memory back, which SIGKILL does not
        )
        super().__init__(URL.create("postgresql", "hongxia", password, "127.0.0.1", self.port, "postgres"))

    def start(self) -> Self:
        """Start the server, again on its port, and return once it answers a query.

        Raises ProcessEnded or NotInTime, with its last output, when it does not come up.
        """
        self.server.start()
        self.server.wait_for(self.answers, START_SECONDS, "answers a query")
        return self

    def stop(self) -> None:
        """Shut it down in good order, without waiting for clients to leave."""
        self.server.terminate(STOP_SECONDS, signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL the server and all its backends; what was committed is in its log."""
        self.server.kill()

    def close(self) -> None:
        """End it at once and remove its files."""
        if self.server.running:
            self.server.terminate(STOP_SECONDS, signal.SIGQUIT)
        else:
            self._give_back_memory()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _initialise(self, initdb: os.PathLike[str], password: str) -> None:
        secret = self.directory / "password"
        secret.write_text(password)
        secret.chmod(0o644)  # inside a directory that is its user's alone
        command: list[str | os.PathLike[str]] = [
            initdb,
            f"--pgdata={self.data}",
            "--username=hongxia",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        run(command, deadline_seconds=START_SECONDS, cwd=self.directory, **as_user(self._user))
        secret.unlink()

    def _configure(self, *, durable: bool) -> None:
        switch = "on" if durable else "off"
        settings = {
            "listen_addresses": "'127.0.0.1'",
            "port": self.port,
            "unix_socket_directories": "''",
            "max_connections": 200,
            "fsync": switch,
            "synchronous_commit": switch,
            "full_page_writes": switch,
            # in the data directory, so that a killed server leaves nothing outside it
            "dynamic_shared_memory_type": "mmap",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
        }
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def _give_back_memory(self) -> None:
        """Remove the System V segment that a killed server leaves; macOS has room for 32 of them."""
        with contextlib.suppress(OSError, IndexError, RuntimeError):  # shut down in good order
            identifier = (self.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
            run(["ipcrm", "-m", identifier], deadline_seconds=10)


def _account() -> str | None:
    """PostgreSQL refuses to run as root: who then? None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Unavailable(f"PostgreSQL does not run as root and there is no account {' or '.join(ACCOUNTS)}; 缺少系统账户")


def open_postgresql(environ: Mapping[str, str] = os.environ, *, durable: bool = True) -> PostgreSQL:
    """The server for tests, not yet started: the one at DATABASE_URL if that is set, otherwise a private one.

    Installs PostgreSQL if it must and can; raises Unavailable with the command to type if it can't.
    """
    if url := environ.get("DATABASE_URL"):
        return PostgreSQL(url)
    install.ensure_installed(rabbitmq=False)
    return PrivatePostgreSQL(durable=durable)
