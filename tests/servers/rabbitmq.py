"""A RabbitMQ broker for tests: a private node of our own, or the one at AMQP_URI."""

import base64
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import amqp
from amqp.exceptions import AMQPError
from kombu.connection import Connection

from . import install
from .processes import Process, Unavailable, free_port, run, temporary_directory, wait_until
from .server import Server

START_SECONDS = 90.0
STOP_SECONDS = 60.0
COMMAND_SECONDS = 60.0
USER = PASSWORD = "guest"
SCHEMES = ("amqp", "amqps", "pyamqp")


class Permissions(NamedTuple):
    """What a user may do in one virtual host: regular expressions over the names of queues and exchanges.

    `topics` narrows publishing and binding further: exchange → (routing keys it may write, may bind to).
    """

    configure: str = ".*"
    write: str = ".*"
    read: str = ".*"
    topics: Mapping[str, tuple[str, str]] = MappingProxyType({})


EVERYTHING = Permissions()


class RabbitMQ(Server):
    """The broker at AMQP_URI: it can be used, not stopped, killed or wiped."""

    given_by = "AMQP_URI"

    def __init__(self, uri: str) -> None:
        """`uri` is one that kombu takes: amqp://user:password@host:port/vhost. Raises Unavailable if not."""
        scheme = uri.partition("://")[0]
        if scheme not in SCHEMES:
            raise Unavailable(f"AMQP_URI is not one of RabbitMQ ({scheme}); 不是 RabbitMQ 地址")
        self.uri = uri
        self._refusal = ""  # why the last connection failed

    def start(self) -> Self:
        """Wait until it takes connections."""
        host = Connection(self.uri).host
        wait_until(self.answers, START_SECONDS, lambda: f"{host} takes a connection\n{self._refusal}")
        return self

    def answers(self) -> bool:
        """Whether it takes a connection, with user and virtual host."""
        try:
            with _connection(self.uri):
                return True
        except (OSError, AMQPError) as error:
            self._refusal = str(error)
            return False

    def wipe(self) -> None:
        """Remove its disk while it is stopped: queues, messages, everything but users and virtual hosts."""
        raise self._not_ours("wipe")

    def add_user(self, name: str, password: str, permissions: Permissions = EVERYTHING, *, vhost: str = "/") -> str:
        """Create or change a user (and the virtual host, if it is new); returns the user's URI for it."""
        raise self._not_ours("add a user to")

    def fresh_uri(self, queues: Iterable[str] = ()) -> str:
        """A URI at which nothing of an earlier test is left.

        A private node makes a new virtual host. On a given broker we may hold no rights for that, so the test
        names the `queues` that it will use and these are deleted: one test at a time there.
        """
        with _connection(self.uri) as connection:
            for queue in queues:
                connection.channel().queue_delete(queue)  # no error if there is none
        return self.uri

    def close(self) -> None:
        """Nothing to do: queues stay, and the next `fresh_uri` deletes them."""


class PrivateRabbitMQ(RabbitMQ):
    """A node of our own, on the loopback interface alone, with its own port mapper, cookie, home and disk.

    Users and virtual hosts are kept outside the node and loaded at each start, so they outlive `wipe`.
    """

    private = True

    def __init__(self) -> None:
        """Nothing runs until `start`. Raises Unavailable when RabbitMQ is not installed."""
        folder, epmd = install.rabbitmq_folder(), install.epmd()
        if not folder or not epmd:
            raise Unavailable("RabbitMQ is not installed; 未安装 RabbitMQ")
        self._ctl = folder / "rabbitmqctl"
        self.port = free_port()
        self.directory = temporary_directory("rabbitmq")
        self.data = self.directory / "data"
        self._users: dict[str, str] = {}
        self._permissions: dict[tuple[str, str], Permissions] = {}
        self._env = self._environment()
        self._grant(USER, PASSWORD, "/", EVERYTHING)
        self._configure()
        self.port_mapper = Process(
            [epmd, "-address", "127.0.0.1", "-port", self._env["ERL_EPMD_PORT"] or ""],
            log=self.directory / "epmd.log",
            env=self._env,
        )
        self.server = Process(
            [folder / "rabbitmq-server"],
            log=self.directory / "rabbitmq.log",
            env=self._env,
            cwd=self.directory,
        )
        super().__init__(self._uri(USER, PASSWORD, "/"))

    def start(self) -> Self:
        """Start the node, again on its port, and return once it takes AMQP connections.

        Raises ProcessEnded or NotInTime, with its last output, when it does not come up.
        """
        self._write_definitions()
        if not self.port_mapper.running:
            # Ours, in the foreground: Erlang would otherwise start one that nobody ends.
            self.port_mapper.start()
        self.server.start()
        self.server.wait_for(self.answers, START_SECONDS, "takes an AMQP connection")
        return self

    def stop(self) -> None:
        """Stop the node in good order."""
        self.server.terminate(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL the Erlang machine and its helpers; what it had confirmed is on its disk.

        But see `knows_on_disk` for a quorum queue that was declared just now.
        """
        self.server.kill()

    def knows_on_disk(self, queue: str, uri: str | None = None) -> bool:
        """Whether a quorum queue, at `uri` or our own, has a place on the disk by which a start finds it again.

        RabbitMQ 3.10.8 writes that a second after the declaration (mended in 2024 by pull request 443 of
        rabbitmq/ra). A node killed before then lists the queue and never serves it again: nothing routed to it
        is confirmed, no get or consume is answered, until it is deleted and declared again.
        """
        name = f"{(uri or self.uri).rpartition('/')[2]}_{queue}".encode()
        entry = bytes([len(name) % 256]) + name  # an Erlang atom ends its length so
        files = list(self.data.glob("*/quorum/*/names.dets"))
        return not files or any(entry in file.read_bytes() for file in files)

    def wipe(self) -> None:
        """Remove the node's disk. Raises RuntimeError while it runs."""
        if self.server.running:
            raise RuntimeError("stop or kill RabbitMQ before its disk is wiped")
        shutil.rmtree(self.data, ignore_errors=True)

    def add_user(self, name: str, password: str, permissions: Permissions = EVERYTHING, *, vhost: str = "/") -> str:
        """Create or change a user (and the virtual host, if it is new); returns the user's URI for it.

        It is there at once if the node runs, otherwise from its next start.
        """
        self._grant(name, password, vhost, permissions)
        self._write_definitions()
        if self.server.running:
            self.rabbitmqctl("import_definitions", os.fspath(self._definitions))
        return self._uri(name, password, vhost)

    def fresh_uri(self, queues: Iterable[str] = ()) -> str:
        """The URI of a new, empty virtual host; `queues` plays no part."""
        return self.add_user(USER, PASSWORD, vhost=f"test-{secrets.token_hex(4)}")

    def rabbitmqctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` (half a second); returns what it wrote. Raises RuntimeError if it fails."""
        return run(
            [self._ctl, "--node", self._env["RABBITMQ_NODENAME"] or "", "--silent", *arguments],
            deadline_seconds=COMMAND_SECONDS,
            env={key: value for key, value in {**os.environ, **self._env}.items() if value is not None},
            cwd=self.directory,
        )

    def close(self) -> None:
        """Kill the node and its port mapper and remove their files."""
        self.server.kill()
        self.port_mapper.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _environment(self) -> dict[str, str | None]:
        at = self.directory
        foreign = {key: None for key in os.environ if key.startswith(("RABBITMQ_", "ERL_")) or key == "NOTIFY_SOCKET"}
        ours = {
            "HOME": at,  # the cookie is read from here
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": free_port(),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"hongxia-{secrets.token_hex(4)}@localhost",
            "RABBITMQ_DIST_PORT": free_port(),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": self.data,
            "RABBITMQ_LOG_BASE": at / "log",
            "RABBITMQ_CONFIG_FILE": at / "rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": at / "advanced.config",
            "RABBITMQ_CONF_ENV_FILE": at / "rabbitmq-env.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": at / "enabled_plugins",
        }
        return {**foreign, **{key: str(value) for key, value in ours.items()}}

    def _configure(self) -> None:
        cookie = self.directory / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        self._definitions = self.directory / "definitions.json"
        (self.directory / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"load_definitions = {self._definitions}\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            "disk_free_limit.absolute = 50MB\n"
        )
        # Empty ones of our own, so that the system's are not read.
        (self.directory / "advanced.config").write_text("[].\n")
        (self.directory / "enabled_plugins").write_text("[].\n")
        (self.directory / "rabbitmq-env.conf").touch()

    def _grant(self, name: str, password: str, vhost: str, permissions: Permissions) -> None:
        self._users[name] = password
        self._permissions[name, vhost] = permissions

    def _write_definitions(self) -> None:
        self._definitions.write_text(json.dumps(_definitions(self._users, self._permissions)))

    def _uri(self, name: str, password: str, vhost: str) -> str:
        return f"pyamqp://{quote(name, '')}:{quote(password, '')}@127.0.0.1:{self.port}/{quote(vhost, '')}"


def _definitions(users: Mapping[str, str], granted: Mapping[tuple[str, str], Permissions]) -> dict[str, Any]:
    """RabbitMQ's definitions file (rabbitmq.com/docs/definitions)."""
    return {
        "users": [{"name": name, "tags": "", **_hashed(password)} for name, password in users.items()],
        "vhosts": [{"name": vhost} for vhost in sorted({vhost for _, vhost in granted})],
        "permissions": [
            {"user": user, "vhost": vhost, "configure": of.configure, "write": of.write, "read": of.read}
            for (user, vhost), of in granted.items()
        ],
        "topic_permissions": [
            {"user": user, "vhost": vhost, "exchange": exchange, "write": write, "read": read}
            for (user, vhost), of in granted.items()
            for exchange, (write, read) in of.topics.items()
        ],
    }


def _hashed(password: str) -> dict[str, str]:
    """A password in RabbitMQ's form: a salt of four bytes, then SHA-256 over salt and password."""
    salt = secrets.token_bytes(4)
    digest = hashlib.sha256(salt + password.encode()).digest()
    return {
        "password_hash": base64.b64encode(salt + digest).decode(),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
    }


def _connection(uri: str) -> amqp.Connection:
    timeouts = {"read_timeout": 5, "write_timeout": 5}
    # below kombu's own retries, which sleep
    transport = Connection(uri, connect_timeout=2, transport_options=timeouts).transport
    return transport.establish_connection()


def open_rabbitmq(environ: Mapping[str, str] = os.environ) -> RabbitMQ:
    """The broker for tests, not yet started: the one at AMQP_URI if that is set, otherwise a private node.

    Installs RabbitMQ if it must and can; raises Unavailable with the command to type if it can't.
    """
    if uri := environ.get("AMQP_URI"):
        return RabbitMQ(uri)
    install.ensure_installed(postgresql=False)
    return PrivateRabbitMQ()
