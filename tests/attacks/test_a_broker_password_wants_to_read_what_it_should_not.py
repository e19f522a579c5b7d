"""Who has one service's broker password wants to read the events of services that it does not consume."""

from __future__ import annotations

import pytest

from tests.attacks.deployed_broker import CONSUMERS, DeployedBroker

REFUSED = "AccessRefused"


@pytest.mark.parametrize("attacker", CONSUMERS)
def test_a_queue_of_its_own_is_not_bound_to_events_that_it_does_not_consume(
    deployed: DeployedBroker, attacker: str
) -> None:
    sources = CONSUMERS[attacker]
    queues = [f"{attacker}.{source}" for source in sources] or [f"{attacker}.own"]
    allowed = {f"{source}.events" for source in sources} | {f"{attacker}.dead" for _ in sources[:1]}
    for name in deployed.exchanges:
        if name in allowed or not name or name.startswith("amq."):
            continue
        for key in ("#", "outreach.#", "registry.cadre.#", "finance", "reporting"):
            said = deployed.let(attacker, lambda channel, q=queues[0], n=name, k=key: channel.queue_bind(q, n, k))
            assert said in ([REFUSED], ["NotFound"]), (name, key)


@pytest.mark.parametrize("queue", ["finance.outreach", "reporting.registry", "outreach.dead"])
def test_the_queue_of_another_is_neither_read_nor_emptied_nor_deleted(deployed: DeployedBroker, queue: str) -> None:
    assert (
        deployed.let(
            "activities",
            lambda channel: channel.basic_get(queue),
            lambda channel: channel.basic_consume(queue),
            lambda channel: channel.queue_purge(queue),
            lambda channel: channel.queue_delete(queue),
            lambda channel: channel.queue_unbind(queue, "outreach.events", "outreach.#"),
        )
        == [REFUSED] * 5
    )


@pytest.mark.parametrize("service", CONSUMERS)
def test_what_a_service_consumes_is_what_the_definitions_let_it_read(deployed: DeployedBroker, service: str) -> None:
    deployed.make_queues(service)
    for source in CONSUMERS[service]:
        queue = f"{service}.{source}"
        bind = [lambda channel, q=queue, s=source: channel.queue_bind(q, f"{s}.events", f"{s}.#")]
        assert deployed.let(service, *bind) == ["let"]
