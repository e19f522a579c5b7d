"""What wakes the relay: the bell in one process, a notice of PostgreSQL across several."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hongxia.events import outbox
from hongxia.runtime import green, relay
from hongxia.runtime.relay import LeadershipLost, WakeUp
from tests.unit.events_builders import CHANGED, CLOSED, SOURCE, raise_event
from tests.unit.runtime_builders import DEADLINE, file_url, new_host, sample


class DriverError(Exception):
    """What the database's driver raises; no SQLAlchemyError."""


class Listening:
    """The driver's connection that listens, on a real socket: a byte is a notice, the end is a restart."""

    def __init__(self) -> None:
        self.ours, self.server = socket.socketpair()
        self.ours.setblocking(False)
        self.notifies: list[bytes] = []
        self.polls = 0
        self.polled = threading.Event()

    def fileno(self) -> int:
        return self.ours.fileno()

    def poll(self) -> None:
        self.polls += 1
        self.polled.set()
        try:
            found = self.ours.recv(1)
        except BlockingIOError:
            return
        if not found:
            raise DriverError("server closed the connection unexpectedly")
        self.notifies.append(found)


@pytest.fixture
def listening() -> Iterator[Listening]:
    made = Listening()
    yield made
    made.ours.close()
    made.server.close()


def in_thread(wake_up: WakeUp, seconds: float) -> tuple[threading.Thread, list[BaseException]]:
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            wake_up.wait(seconds)
        except LeadershipLost as error:
            raised.append(error)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread, raised


def test_an_idle_connection_is_waited_for_and_not_asked_again_and_again(listening: Listening) -> None:
    thread, _ = in_thread(WakeUp(None, listening, DriverError), DEADLINE * 100)  # type: ignore[arg-type]
    assert listening.polled.wait(DEADLINE)
    thread.join(0.3)  # a socket that is idle can be written to at any time
    assert (thread.is_alive(), listening.polls) == (True, 1)
    listening.server.send(b"x")
    thread.join(DEADLINE)
    assert (thread.is_alive(), listening.polls, listening.notifies) == (False, 2, [])


def test_many_idle_waits_poll_twice_each(listening: Listening) -> None:
    wake_up = WakeUp(None, listening, DriverError)  # type: ignore[arg-type]
    for _ in range(5):
        wake_up.wait(0.01)
    assert listening.polls == 10


def test_a_notice_that_came_before_is_not_waited_for(listening: Listening) -> None:
    listening.server.send(b"x")
    thread, raised = in_thread(WakeUp(None, listening, DriverError), DEADLINE * 100)  # type: ignore[arg-type]
    thread.join(DEADLINE)
    assert (thread.is_alive(), raised, listening.polls) == (False, [], 1)


def test_a_server_that_restarts_while_nothing_happens_costs_the_lead(listening: Listening) -> None:
    thread, raised = in_thread(WakeUp(None, listening, DriverError), DEADLINE * 100)  # type: ignore[arg-type]
    assert listening.polled.wait(DEADLINE)
    listening.server.close()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert [type(error) for error in raised] == [LeadershipLost]


def test_a_server_that_restarted_before_costs_the_lead(listening: Listening) -> None:
    listening.server.close()
    with pytest.raises(LeadershipLost, match="DriverError"):
        WakeUp(None, listening, DriverError).wait(DEADLINE)  # type: ignore[arg-type]


def test_the_leader_shows_life_now_and_then_also_while_it_never_waits(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments, beats = [100.0], []
    monkeypatch.setattr(relay, "monotonic", lambda: moments[-1])
    wake_up = WakeUp(None, listening, DriverError, lambda: beats.append(moments[-1]))  # type: ignore[arg-type]
    for moment in (101.0, 102.0, 103.0, 103.9, 104.1, 109.0):
        moments.append(moment)
        wake_up.beat()
    moments.append(112.0)
    wake_up.wait(0.01)
    assert beats == [102.0, 104.1, 109.0, 112.0]


def test_a_socket_that_is_closed_costs_the_lead(listening: Listening) -> None:
    listening.poll = lambda: None  # type: ignore[method-assign]
    listening.ours.close()
    with pytest.raises(LeadershipLost, match="ValueError"):
        WakeUp(None, listening, DriverError).wait(DEADLINE)  # type: ignore[arg-type]


def test_an_error_of_the_code_is_no_lost_lead(listening: Listening) -> None:
    def broken() -> None:
        raise KeyError

    listening.poll = broken  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        WakeUp(None, listening, DriverError).wait(DEADLINE)  # type: ignore[arg-type]


def test_a_commit_with_events_rings_the_bell_and_counts_them_and_one_without_does_not(tmp_path: Path) -> None:
    host = new_host(file_url(tmp_path))
    heard: list[Any] = []
    with host.database.begin(SOURCE):
        pass
    with pytest.raises(RuntimeError), host.database.begin(SOURCE) as session:
        raise_event(session)
        raise RuntimeError
    with green.at_most(0.05):
        WakeUp(host).wait(DEADLINE * 100)
        heard.append("nothing")
    with host.database.begin(SOURCE) as session:
        raise_event(session)
        with outbox.savepoint(session):
            raise_event(session, 2, CLOSED)
        raise_event(session, 3)
    with green.at_most(DEADLINE):
        WakeUp(host).wait(DEADLINE * 100)
        heard.append("a commit")
    assert heard == ["a commit"]
    assert [sample(host, "records_total", kind=kind.type) for kind in (CHANGED, CLOSED)] == [2, 1]
