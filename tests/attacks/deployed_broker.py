"""RabbitMQ with the deployment's own definitions, and an attacker who has one service's password.

The attacks know no names but those in the definitions: whichever exchanges there are, all are tried.
"""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import amqp
import pytest
from amqp.exceptions import AMQPError
from kombu import Connection

from hongxia import services
from hongxia.events import broker as platform
from hongxia.runtime.consume import consumers_of
from tests.servers import PrivateRabbitMQ, RabbitMQ, wait_until

DEFINITIONS = Path(__file__).parents[2] / "deploy/images/rabbitmq/definitions"
VHOST = "hongxia"
DEADLINE = 20.0

CONSUMERS = {name: sorted(consumers_of(services.load(name))) for name in services.names()}
"""What each service consumes, as its code declares."""


def definitions(passwords: dict[str, str], folder: Path) -> dict[str, Any]:
    """What the deployment gives RabbitMQ at its start."""
    for name, password in passwords.items():
        (folder / f"{name}_amqp_password").write_text(password)
    done = subprocess.run([DEFINITIONS, folder], capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@dataclass
class DeployedBroker:
    """The broker of a deployment whose services have made their queues."""

    node: PrivateRabbitMQ
    definitions: dict[str, Any]
    passwords: dict[str, str]

    @property
    def exchanges(self) -> list[str]:
        """Every exchange that a message could be led to: the deployment's, RabbitMQ's own, and the default one."""
        return [exchange["name"] for exchange in self.definitions["exchanges"]] + ["amq.topic", "amq.direct", ""]

    def uri(self, user: str) -> str:
        """Where a service connects."""
        return f"pyamqp://{user}:{quote(self.passwords[user], '')}@127.0.0.1:{self.node.port}/{VHOST}"

    @contextmanager
    def connected(self, user: str) -> Iterator[amqp.Connection]:
        """A connection with a service's password, and whatever the attacker likes to do over it."""
        link = Connection(self.uri(user), connect_timeout=5).transport.establish_connection()
        try:
            yield link
        finally:
            with suppress(AMQPError, OSError):
                link.collect()

    def let(self, user: str, *steps: Callable[[amqp.Channel], Any]) -> list[str]:
        """Take steps with a service's password, each over a channel of its own; returns what the broker said to each:
        the name of an error, or `let`.
        """
        said = []
        with self.connected(user) as link:
            for step in steps:
                channel = link.channel()
                try:
                    step(channel)
                    channel.basic_qos(0, 1, False)  # its answer comes after that to a message
                    said.append("let")
                except AMQPError as error:
                    said.append(type(error).__name__)
        return said

    def receives(self, consumer: str, source: str) -> list[bytes]:
        """What has come into a consumer's queue; it is taken out. A message of the source's own marks the end."""
        key, mark = f"{source}.mark.set", secrets.token_hex(8)
        own = next(name for name in (f"{source}.events", "hongxia.events") if name in self.exchanges)
        with self.connected(source) as link:
            channel = link.channel()
            channel.confirm_select()
            channel.basic_publish_confirm(amqp.Message(mark), own, key, mandatory=True)
        found: list[bytes] = []

        def take(message: amqp.Message) -> None:
            found.append(message.body if isinstance(message.body, bytes) else message.body.encode())

        def mark_is_there() -> bool:
            with suppress(TimeoutError):
                link.drain_events(timeout=0.05)
            return mark.encode() in found

        with self.connected(consumer) as link:
            link.channel().basic_consume(f"{consumer}.{source}", no_ack=True, callback=take)
            wait_until(mark_is_there, DEADLINE, "the mark arrives")
        return [body for body in found if body != mark.encode()]

    def waiting(self, user: str, queue: str) -> int:
        """How many messages lie in a queue of a user's own; 0 where there is none."""
        with self.connected(user) as link:
            try:
                return int(link.channel().queue_declare(queue, passive=True).message_count)
            except AMQPError:
                return 0

    def make_queues(self, *consumers: str) -> None:
        """Let consumers connect once."""
        for consumer in consumers:
            for source in CONSUMERS[consumer]:
                link = platform.connection(self.uri(consumer))
                platform.connect(link)
                platform.consume(link, consumer, source, lambda _message: None).cancel()
                platform.farewell(link)


@pytest.fixture(scope="session")
def deployed(rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> DeployedBroker:
    """The deployment's broker with every consumer's queues."""
    if not isinstance(rabbitmq, PrivateRabbitMQ):
        pytest.skip("a given broker does not have the deployment's definitions")
    folder = tmp_path_factory.mktemp("secrets")
    passwords = {name: f"password of {name}" for name in services.names()}
    found = definitions(passwords, folder)
    (folder / "definitions.json").write_text(json.dumps(found))
    rabbitmq.rabbitmqctl("import_definitions", str(folder / "definitions.json"))
    made = DeployedBroker(rabbitmq, found, passwords)
    wait_until(lambda: _lets_in(made), DEADLINE, "the services' users are let in")
    made.make_queues(*CONSUMERS)
    return made


def _lets_in(deployed: DeployedBroker) -> bool:
    try:
        return all(deployed.let(user) == [] for user in CONSUMERS)
    except (AMQPError, OSError):
        return False
