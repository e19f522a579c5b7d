import os
from collections.abc import Iterator

import amqp
import pytest
from amqp.exceptions import AccessRefused, NotFound
from kombu import Connection

from tests.servers import (
    Permissions,
    PrivateRabbitMQ,
    RabbitMQ,
    Unavailable,
    open_rabbitmq,
    wait_until,
)
from tests.servers.install import rabbitmq_folder
from tests.servers.reaper import family

QUORUM = {"x-queue-type": "quorum"}


@pytest.fixture(scope="module")
def broker() -> Iterator[PrivateRabbitMQ]:
    """A node of this module's own, whatever AMQP_URI says: the tests kill and wipe it."""
    if "AMQP_URI" in os.environ and not rabbitmq_folder():
        pytest.skip("a broker is given and none is installed")
    with open_rabbitmq({}) as ours:
        assert isinstance(ours, PrivateRabbitMQ)
        yield ours


def connect(uri: str) -> amqp.Connection:
    return Connection(uri).transport.establish_connection()


def publish(uri: str, queue: str, body: str) -> None:
    with connect(uri) as connection:
        channel = connection.channel()
        channel.confirm_select()
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments=QUORUM)
        message = amqp.Message(body, delivery_mode=2)
        channel.basic_publish_confirm(message, routing_key=queue, mandatory=True)


def take(uri: str, queue: str) -> str:
    """The next message: waited for, since a quorum queue elects its leader after a start."""
    with connect(uri) as connection:
        channel = connection.channel()
        return str(wait_until(lambda: channel.basic_get(queue, no_ack=True), 20, f"a message in {queue}").body)


def exists(uri: str, queue: str) -> bool:
    with connect(uri) as connection:
        try:
            connection.channel().queue_declare(queue, passive=True)
        except NotFound:
            return False
        return True


def test_a_confirmed_message_outlives_sigkill_and_not_the_disk(broker: PrivateRabbitMQ) -> None:
    uri = broker.fresh_uri()
    publish(uri, "cursor", "一次走访")
    wait_until(lambda: broker.knows_on_disk("cursor", uri), 10, "the queue's name is on disk")
    broker.kill()
    assert not broker.answers()
    broker.start()
    assert take(uri, "cursor") == "一次走访"
    assert exists(uri, "cursor")

    broker.kill()
    broker.wipe()
    broker.start()
    assert not exists(uri, "cursor")


def test_a_node_that_runs_is_not_wiped(broker: PrivateRabbitMQ) -> None:
    with pytest.raises(RuntimeError, match="stop or kill"):
        broker.wipe()


def test_fresh_uris_do_not_see_each_other(broker: PrivateRabbitMQ) -> None:
    publish(broker.fresh_uri(), "cursor", "one")
    assert not exists(broker.fresh_uri(), "cursor")


def test_a_user_gets_what_was_granted_and_no_more(broker: PrivateRabbitMQ) -> None:
    narrow = Permissions(
        configure=r"^mine\.",
        write=r"^mine\.",
        read=r"^(mine\.|amq\.topic$)",
        topics={"amq.topic": ("^$", "^a$")},
    )
    uri = broker.add_user("civil affairs", "p/w@d", narrow)
    with connect(uri) as connection:
        channel = connection.channel()
        channel.queue_declare("mine.queue")
        channel.queue_bind("mine.queue", "amq.topic", "a")
        with pytest.raises(AccessRefused):
            channel.queue_bind("mine.queue", "amq.topic", "b")
        with pytest.raises(AccessRefused):
            connection.channel().queue_declare("another's")


def test_a_given_broker_is_used_and_left_running(broker: PrivateRabbitMQ) -> None:
    given = open_rabbitmq({"AMQP_URI": broker.uri})
    assert not given.private
    with given:
        publish(given.uri, "of-an-earlier-test", "old")
        assert given.fresh_uri(["of-an-earlier-test", "never-there"]) == broker.uri
        assert not exists(given.uri, "of-an-earlier-test")
        for forbidden in (given.stop, given.kill, given.wipe):
            with pytest.raises(Unavailable, match="AMQP_URI"):
                forbidden()
    assert broker.answers()


def test_an_in_memory_transport_is_no_broker() -> None:
    with pytest.raises(Unavailable, match="memory"):
        RabbitMQ("memory://")


def test_closing_leaves_no_process_and_no_file() -> None:
    if not rabbitmq_folder():
        pytest.skip("RabbitMQ is not installed")
    broker = open_rabbitmq({})
    assert isinstance(broker, PrivateRabbitMQ)
    with broker:
        roots = [broker.server.pid, broker.port_mapper.pid]
        everyone = {pid for root in roots for pid in family(root)}
        assert len(everyone) > len(roots)
    assert not {pid for pid in everyone if family(pid)}
    assert not broker.directory.exists()
