"""Who has one service's broker password wants messages in the dead letters of another: an alert, and a full disk."""

from __future__ import annotations

import amqp
import pytest

from tests.attacks.deployed_broker import DEADLINE, DeployedBroker
from tests.servers import wait_until

MESSAGE = amqp.Message("no event", delivery_mode=2)


@pytest.mark.parametrize("victim", ["finance", "reporting", "outreach"])
def test_nothing_reaches_the_dead_letters_of_another(deployed: DeployedBroker, victim: str) -> None:
    queue = f"{victim}.dead"
    before = deployed.waiting(victim, queue)
    for target in deployed.exchanges:
        led_on = {"x-dead-letter-exchange": target, "x-dead-letter-routing-key": victim if target else queue}
        deployed.let(
            "activities",
            lambda channel, target=target: channel.basic_publish(MESSAGE, target, victim),
            lambda channel, target=target: channel.basic_publish(MESSAGE, target, queue),
            lambda channel: channel.queue_delete("activities.registry"),
            lambda channel, arguments=led_on: channel.queue_declare(
                "activities.registry", auto_delete=False, arguments={"x-message-ttl": 1, **arguments}
            ),
            lambda channel: channel.queue_bind("activities.registry", "activities.dead", "x"),
            lambda channel: channel.queue_bind("activities.registry", "hongxia.dead", "x"),
            lambda channel: channel.basic_publish(MESSAGE, "activities.dead", "x"),
            lambda channel: channel.basic_publish(MESSAGE, "hongxia.dead", "x"),
        )
    wait_until(lambda: deployed.waiting("activities", "activities.registry") == 0, DEADLINE, "all have gone on")
    own = deployed.let(
        victim, lambda channel: channel.basic_publish(MESSAGE, dead_letters_of(deployed, victim), victim)
    )
    assert own == ["let"]
    wait_until(lambda: deployed.waiting(victim, queue) > before, DEADLINE, "its own dead letter arrives")
    assert deployed.waiting(victim, queue) == before + 1


def dead_letters_of(deployed: DeployedBroker, consumer: str) -> str:
    """The exchange that leads to a consumer's dead letters."""
    return next(name for name in (f"{consumer}.dead", "hongxia.dead") if name in deployed.exchanges)


def test_dead_letters_are_bounded_in_number_and_age(deployed: DeployedBroker) -> None:
    policies = [policy for policy in deployed.definitions.get("policies", []) if "max-length" in policy["definition"]]
    assert [set(policy["definition"]) >= {"max-length-bytes", "message-ttl"} for policy in policies] == [True]
