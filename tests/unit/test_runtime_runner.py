"""How a process ends: on a signal, or because a service died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hongxia.runtime import green, runner
from hongxia.runtime.runner import ContainerEnded, _until_stopped
from tests.unit.runtime_builders import DEADLINE


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put the signals' handlers back; a ticking green thread lets the hub notice what a handler did."""
    known = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    ticking = green.spawn(tick)
    yield
    ticking.kill()
    for number, handler in known.items():
        signal.signal(number, handler)


def tick() -> None:
    while True:
        green.sleep(0.01)


class Container:
    """A container that ends as it is told."""

    def __init__(self, *, stops_in: float = 0) -> None:
        self.service_name = "depot"
        self.died = green.Result()
        self.stopped = False
        self.stops_in = stops_in

    def wait(self) -> None:
        error = self.died.wait()
        if error is not None:
            raise error

    def stop(self) -> None:
        green.sleep(self.stops_in)
        self.stopped = True


def until_stopped(*containers: Any) -> None:
    with green.at_most(DEADLINE):
        _until_stopped(list(containers))
        return
    pytest.fail("it does not end")


@pytest.mark.parametrize("error", [RuntimeError("told nobody"), KeyError("x")], ids=lambda error: type(error).__name__)
def test_a_service_that_dies_of_an_error_ends_the_process_with_it_and_the_others_in_order(error: Exception) -> None:
    died, other = Container(), Container()
    died.died.send(error)
    with pytest.raises(type(error)):
        until_stopped(other, died)
    assert other.stopped


def test_a_service_that_ends_unasked_is_an_error_too() -> None:
    ended, other = Container(), Container()
    ended.died.send(None)
    with pytest.raises(ContainerEnded, match="depot"):
        until_stopped(ended, other)
    assert other.stopped


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_every_service_and_is_no_error(number: signal.Signals) -> None:
    containers = [Container(), Container()]
    green.spawn(lambda: os.kill(os.getpid(), number))
    until_stopped(*containers)
    assert [one.stopped for one in containers] == [True, True]


def test_a_second_signal_does_no_harm() -> None:
    container = Container(stops_in=0.05)

    def twice() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        green.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    green.spawn(twice)
    until_stopped(container)
    assert container.stopped


def test_services_that_do_not_stop_are_left_behind_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "STOP_SECONDS", 0.05)
    slow = [Container(stops_in=DEADLINE * 100), Container(stops_in=DEADLINE * 100), Container()]
    green.spawn(lambda: os.kill(os.getpid(), signal.SIGTERM))
    until_stopped(*slow)
    assert [one.stopped for one in slow] == [False, False, True]


SCRIPT = """
from hongxia.runtime import green
green.patch()
import sys
from pathlib import Path
from hongxia.runtime import runner
from tests.unit.test_http_hostile import DepotService
from tests.unit.web_builders import running

with running(DepotService, Path(sys.argv[1])) as (container, _mounts):
    if sys.argv[2] == "dies":
        container.spawn_managed_thread(lambda: 1 / 0)
    else:
        import os, signal
        green.spawn(lambda: os.kill(os.getpid(), signal.SIGTERM))
    runner._until_stopped([container])
"""


@pytest.mark.parametrize(("how", "code", "told"), [("dies", 1, "ZeroDivisionError"), ("is stopped", 0, "")])
def test_a_process_whose_service_died_fails(tmp_path: Any, how: str, code: int, told: str) -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
