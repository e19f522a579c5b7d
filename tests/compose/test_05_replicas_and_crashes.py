"""Replicas, crashes and a broker that lost everything: whatever was answered is in the figures, once."""

from __future__ import annotations

from typing import Any

import pytest

from .installation import BACKING, SERVICES, Installation, until
from .writing import figure, settle, writing

SETTLE_SECONDS = 120.0


def _adds_up(installation: Installation, expected: int) -> None:
    until(lambda: figure(installation) == expected, SETTLE_SECONDS, lambda: f"{figure(installation)} for {expected}")
    settle(installation)


def _relays(installation: Installation) -> list[dict[str, Any]]:
    """The replicas of outreach that number and send its events."""
    return [container for container, value in installation.metric("outreach", "hongxia_relay_active") if value]


def _receivers(installation: Installation, queue: str) -> list[bool]:
    """The consumers of a queue: whether each is the active one."""
    listing = ["rabbitmqctl", "--quiet", "--vhost", "hongxia", "list_consumers", "queue_name", "active"]
    lines = installation.compose("exec", "-T", "rabbitmq", *listing).out.splitlines()
    return [line.split()[1] == "true" for line in lines if line.split()[0] == queue]


def test_of_three_replicas_one_sends_and_one_receives_and_the_figures_stay_exact(imported: Installation) -> None:
    before = figure(imported)
    with imported.timed("scale to three"):
        imported.up("--scale", "outreach=3", "--no-recreate")
    try:
        assert len(imported.metric("outreach", "hongxia_relay_active")) == 3
        until(lambda: len(_relays(imported)) == 1, 30)
        until(lambda: sorted(_receivers(imported, "outreach.registry")) == [False, False, True], 30)
        with writing(imported) as writer:
            until(lambda: writer.written >= 60, 60)
            (active,) = _relays(imported)
            imported.kill(active)
            until(lambda: writer.written >= 120, 60)
        _adds_up(imported, before + writer.written)
        imported.wait_until_well()
        until(lambda: len(_relays(imported)) == 1, 60)
    finally:
        imported.up("--scale", "outreach=1", "--no-recreate")


@pytest.mark.parametrize("service", [*SERVICES, *BACKING])
def test_a_container_that_is_killed_comes_back_and_nothing_is_lost(imported: Installation, service: str) -> None:
    before = figure(imported)
    (container,) = imported.containers(service)
    with imported.timed(f"killed {service}, well again"), writing(imported) as writer:
        until(lambda: writer.written >= 5, 30)
        imported.kill(container)
        until(lambda: imported.containers(service)[0]["State"]["StartedAt"] != container["State"]["StartedAt"], 30)
        imported.wait_until_well()
        written = writer.written
        until(lambda: writer.written >= written + 5, 30)
    _adds_up(imported, before + writer.written)


def test_a_broker_that_lost_its_volume_is_filled_again(imported: Installation) -> None:
    before = figure(imported)
    with imported.timed("broker wiped, well again"), writing(imported) as writer:
        until(lambda: writer.written >= 5, 30)
        imported.compose("rm", "--stop", "--force", "rabbitmq")
        until(lambda: writer.written >= 15, 30)
        imported.docker("volume", "rm", f"{imported.project}_rabbitmq")
        imported.up()
        imported.wait_until_well()
    _adds_up(imported, before + writer.written)


def test_an_engine_that_starts_again_brings_everything_back(imported: Installation) -> None:
    before = figure(imported)
    with imported.timed("engine started again, all well"):
        imported.restart_engine()
        imported.wait_until_well()
    _adds_up(imported, before)
