"""Who has one service's broker password wants an event of another service in a consumer's queue: that finance pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import amqp
import pytest

from tests.attacks.deployed_broker import DEADLINE, DeployedBroker
from tests.servers import wait_until

VICTIM = "finance.outreach"
KEY = "outreach.aid.approved"
FORGED = amqp.Message('{"type": "hongxia.outreach.aid.approved.v1"}', delivery_mode=2)

Step = Callable[[amqp.Channel], Any]
Way = Callable[[str, str], list[Step]]
"""The steps of an attack, given the attacker's own name and an exchange that it wants its message led to."""


def own_exchange(me: str) -> str:
    """One that the attacker may publish to."""
    return f"{me}.events"


def dead_letter_exchange(me: str, target: str) -> list[Step]:
    """An own queue whose messages end at once, and go on as dead letters under another's key."""
    led_on = {"x-dead-letter-exchange": target, "x-dead-letter-routing-key": KEY if target else VICTIM}
    queue = f"{me}.registry"
    return [
        lambda channel: channel.queue_delete(queue),
        lambda channel: channel.queue_declare(queue, auto_delete=False, arguments={"x-message-ttl": 1, **led_on}),
        lambda channel: channel.queue_bind(queue, "hongxia.events", f"{me}.x"),
        lambda channel: channel.queue_bind(queue, own_exchange(me), f"{me}.x"),
        lambda channel: channel.basic_publish(FORGED, "hongxia.events", f"{me}.x"),
        lambda channel: channel.basic_publish(FORGED, own_exchange(me), f"{me}.x"),
        lambda channel: channel.basic_publish(FORGED, "", queue),
    ]


def exchange_bound_to_an_exchange(me: str, target: str) -> list[Step]:
    """An own exchange, or the one that the attacker publishes to, from which messages go on into another."""
    steps: list[Step] = []
    for own in (f"{me}.registry", f"{me}.way", own_exchange(me), f"{me}.dead"):
        steps += [
            lambda channel, own=own: channel.exchange_declare(own, "topic", auto_delete=False),
            lambda channel, own=own: channel.exchange_bind(target, own, KEY),
            lambda channel, own=own: channel.basic_publish(FORGED, own, KEY),
            lambda channel, own=own: channel.exchange_delete(own),
        ]
    return steps


def alternate_exchange(me: str, target: str) -> list[Step]:
    """An own exchange to which nothing is bound, so that all goes on to its alternate exchange."""
    steps: list[Step] = []
    for own in (f"{me}.registry", f"{me}.way"):
        steps += [
            lambda channel, own=own: channel.exchange_declare(
                own, "topic", auto_delete=False, arguments={"alternate-exchange": target}
            ),
            lambda channel, own=own: channel.basic_publish(FORGED, own, KEY),
            lambda channel, own=own: channel.exchange_delete(own),
        ]
    return steps


def copies(header: str) -> Way:
    """Keys of its own, and another's among the copies."""

    def steps(me: str, target: str) -> list[Step]:
        message = amqp.Message(FORGED.body, delivery_mode=2, application_headers={header: [KEY, VICTIM]})
        return [
            lambda channel: channel.basic_publish(message, target, f"{me}.x"),
            lambda channel: channel.basic_publish(message, own_exchange(me), f"{me}.x"),
        ]

    return steps


def publish(me: str, target: str) -> list[Step]:
    """The plain way, under the event's key and under the queue's own name."""
    return [
        lambda channel: channel.basic_publish(FORGED, target, KEY),
        lambda channel: channel.basic_publish(FORGED, target, VICTIM),
        lambda channel: channel.basic_publish(FORGED, own_exchange(me), KEY),
    ]


def bind_the_victims_queue(me: str, target: str) -> list[Step]:
    """The consumer's queue, bound to what the attacker may publish to."""
    return [
        lambda channel: channel.queue_bind(VICTIM, target, f"{me}.#"),
        lambda channel: channel.queue_bind(VICTIM, own_exchange(me), f"{me}.#"),
        lambda channel: channel.basic_publish(FORGED, own_exchange(me), f"{me}.x"),
        lambda channel: channel.basic_publish(FORGED, "hongxia.events", f"{me}.x"),
    ]


WAYS: dict[str, Way] = {
    "plainly": publish,
    "dead-letter exchange": dead_letter_exchange,
    "exchange bound to an exchange": exchange_bound_to_an_exchange,
    "alternate exchange": alternate_exchange,
    "CC": copies("CC"),
    "BCC": copies("BCC"),
    "the victim's queue bound anew": bind_the_victims_queue,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attacker", ["activities", "reporting"])
def test_no_event_of_outreach_reaches_finance(deployed: DeployedBroker, attacker: str, way: str) -> None:
    own_queue = f"{attacker}.registry"
    deployed.let(attacker, lambda channel: channel.queue_delete(own_queue))
    deployed.receives("finance", "outreach")  # what earlier tests have sent with right
    for target in deployed.exchanges:
        deployed.let(attacker, *WAYS[way](attacker, target))
    wait_until(lambda: deployed.waiting(attacker, own_queue) == 0, DEADLINE, "all dead letters have gone on")
    assert deployed.receives("finance", "outreach") == []


def test_outreach_itself_is_heard(deployed: DeployedBroker) -> None:
    deployed.receives("finance", "outreach")
    said = deployed.let("outreach", lambda channel: channel.basic_publish(FORGED, "outreach.events", KEY))
    assert (said, len(deployed.receives("finance", "outreach"))) == (["let"], 1)
