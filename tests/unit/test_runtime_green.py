"""Bell, mailbox and result: how green threads wait for one another."""

from __future__ import annotations

import subprocess
import sys

import pytest
from greenlet import GreenletExit

from hongxia.runtime import green
from tests.unit.runtime_builders import DEADLINE


def test_a_bell_wakes_the_one_who_waits() -> None:
    bell, woken = green.Bell(), []

    def wait() -> None:
        bell.wait(DEADLINE * 100)
        woken.append(True)

    waiting = green.spawn(wait)
    green.sleep()
    assert not woken
    bell.ring()
    with green.at_most(DEADLINE):
        waiting.wait()
    assert woken


def test_a_ring_that_nobody_waits_for_is_kept_and_counts_once() -> None:
    bell = green.Bell()
    for _ in range(3):
        bell.ring()
    left = []
    with green.at_most(DEADLINE):
        bell.wait(DEADLINE * 100)
        left.append("kept")
    with green.at_most(0.05):
        bell.wait(DEADLINE * 100)
        left.append("counted twice")
    assert left == ["kept"]


def test_a_bell_can_be_rung_again() -> None:
    bell, heard = green.Bell(), 0
    for _ in range(3):
        bell.ring()
        with green.at_most(DEADLINE):
            bell.wait(DEADLINE * 100)
            heard += 1
    assert heard == 3


def test_a_bell_that_is_silent_lets_go_when_the_time_is_over() -> None:
    green.Bell().wait(0.01)


def test_a_mailbox_hands_out_at_most_so_many_in_order() -> None:
    mailbox = green.Mailbox()
    for item in range(5):
        mailbox.put(item)
    assert [mailbox.take(2, 0), mailbox.take(9, 0), mailbox.take(9, 0.01)] == [[0, 1], [2, 3, 4], []]


def test_the_first_result_counts() -> None:
    result = green.Result()
    assert not result.ready
    result.send("first")
    result.send("second")
    assert (result.ready, result.wait()) == (True, "first")


def test_questions_are_asked_at_once_and_given_up_alone() -> None:
    assert green.within(0.05, lambda: 1, lambda: green.sleep(DEADLINE), lambda: 3) == [1, None, 3]


def test_a_thread_that_ends_itself_is_no_failure() -> None:
    def work() -> None:
        try:
            green.end_thread()
        except Exception:  # noqa: BLE001 - that is what must not catch it
            pytest.fail("held up")

    thread = green.spawn(work)
    with pytest.raises(GreenletExit), green.at_most(DEADLINE):
        thread.wait()
    assert thread.dead


def test_a_process_that_is_patched_does_not_say_that_eventlet_is_in_maintenance() -> None:
    code = "from hongxia.runtime import green; green.patch(); import socket; print(socket.socket.__module__)"
    ran = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("eventlet.")
    assert "Eventlet is deprecated" not in ran.stderr
