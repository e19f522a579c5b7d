"""Who has one service's broker password wants exchanges and queues of its own, or to take away those of others."""

from __future__ import annotations

import amqp
import pytest

from tests.attacks.deployed_broker import CONSUMERS, DeployedBroker


@pytest.mark.parametrize("attacker", CONSUMERS)
def test_no_exchange_and_no_queue_is_made_beyond_its_own(deployed: DeployedBroker, attacker: str) -> None:
    said = deployed.let(
        attacker,
        lambda channel: channel.exchange_declare("stranger", "topic"),
        lambda channel: channel.exchange_declare(f"{attacker}.stranger", "topic"),
        lambda channel: channel.queue_declare("stranger"),
        lambda channel: channel.queue_declare(f"{attacker}.stranger"),
        lambda channel: channel.queue_declare(""),
    )
    assert said == ["AccessRefused"] * 5


@pytest.mark.parametrize("attacker", CONSUMERS)
def test_no_exchange_of_events_is_deleted_or_made_anew(deployed: DeployedBroker, attacker: str) -> None:
    for name in [name for name in deployed.exchanges if name.endswith(".events")]:
        said = deployed.let(
            attacker,
            lambda channel, name=name: channel.exchange_delete(name),
            lambda channel, name=name: channel.exchange_declare(name, "topic", durable=True, auto_delete=False),
        )
        assert said == ["AccessRefused"] * 2, name


def test_each_exchange_of_events_is_written_by_its_owner_alone(deployed: DeployedBroker) -> None:
    writers = {
        name: [user for user in CONSUMERS if _may_publish(deployed, user, name)]
        for name in deployed.exchanges
        if name.endswith(".events")
    }
    assert writers == {f"{service}.events": [service] for service in CONSUMERS}


def _may_publish(deployed: DeployedBroker, user: str, exchange: str) -> bool:
    return deployed.let(user, lambda channel: channel.basic_publish(amqp.Message("x"), exchange, f"{user}.x")) == [
        "let"
    ]
