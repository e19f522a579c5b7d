"""Whoever makes a consumer die again and again in the same batch wants good events among the dead letters."""

from __future__ import annotations

from contextlib import suppress

import amqp

from hongxia.events import broker as platform
from tests.attacks.deployed_broker import DEADLINE, VHOST, DeployedBroker
from tests.servers import wait_until

DEATHS = 25
EVENTS = 50
AS_RABBITMQ_4 = ["set_policy", "--vhost", VHOST, "--priority", "0", "--apply-to", "queues", "as of 4.0", ".*"]


def test_a_consumer_that_dies_again_and_again_in_the_same_batch_loses_nothing(deployed: DeployedBroker) -> None:
    deployed.node.rabbitmqctl(*AS_RABBITMQ_4, '{"delivery-limit": 20}')
    deployed.make_queues("finance")
    deployed.receives("finance", "outreach")
    dead = deployed.waiting("finance", "finance.dead")
    exchange = next(name for name in ("outreach.events", "hongxia.events") if name in deployed.exchanges)
    with deployed.connected("outreach") as link:
        channel = link.channel()
        channel.confirm_select()
        for number in range(EVENTS):
            message = amqp.Message(str(number), delivery_mode=2)
            channel.basic_publish_confirm(message, exchange, "outreach.x", mandatory=True)
    for _ in range(DEATHS):
        take_and_die(deployed)
    assert sorted(map(int, deployed.receives("finance", "outreach"))) == list(range(EVENTS))
    assert deployed.waiting("finance", "finance.dead") == dead


def take_and_die(deployed: DeployedBroker) -> None:
    """Take messages into the hand, and end without a word."""
    taken: list[object] = []
    link = platform.connection(deployed.uri("finance"))
    platform.connect(link)
    platform.consume(link, "finance", "outreach", taken.append)

    def has_some() -> bool:
        with suppress(TimeoutError):
            link.drain_events(timeout=0.1)
        return bool(taken)

    wait_until(has_some, DEADLINE, "a message is delivered")
    platform.discard(link)
