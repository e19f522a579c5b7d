"""How refusals are slowed down, with a clock and a sleep of the test's own."""

from __future__ import annotations

from hongxia.http.failures import BURST, LONGEST_WAIT, MOST_PEERS, MOST_WAITING, PER_SECOND, Failures

ONE = ("10.0.0.1", "")


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.now += seconds


def test_the_first_failures_wait_for_nothing_and_the_next_come_at_a_steady_rate() -> None:
    time = Time()
    failures = Failures(time.sleep, time.clock)
    assert all(failures.wait(ONE) for _ in range(BURST))
    assert time.slept == []
    assert all(failures.wait(ONE) for _ in range(20))
    assert len(time.slept) == 20
    assert abs(time.now - 1000 - 20 / PER_SECOND) < 0.001


def test_nearly_two_thousand_wrong_tokens_take_many_minutes_from_one_address() -> None:
    time = Time()
    failures = Failures(time.sleep, time.clock)
    for _ in range(1895):
        failures.wait(ONE)
    assert time.now - 1000 > 900


def test_many_at_once_are_held_back_and_then_only_told_to_slow_down() -> None:
    time = Time()
    failures = Failures(time.slept.append, time.clock)  # time stands still: all come at once
    answers = [failures.wait(ONE) for _ in range(200)]
    assert answers.count(True) == BURST + LONGEST_WAIT * PER_SECOND
    assert max(time.slept) == LONGEST_WAIT


def test_at_most_so_many_wait_and_the_next_are_answered_at_once() -> None:
    failures = Failures(clock=lambda: 0.0)
    depth = [0]

    def sleep(_seconds: float) -> None:
        depth[0] += 1
        if depth[0] <= MOST_WAITING:
            failures.wait(ONE)

    failures._sleep = sleep
    for _ in range(BURST + 1):
        failures.wait(ONE)
    assert depth[0] == MOST_WAITING


def test_another_address_is_not_slowed_down_also_behind_the_same_gateway() -> None:
    time = Time()
    failures = Failures(time.slept.append, time.clock)
    for _ in range(50):
        failures.wait(("gateway", "10.0.0.1"))
    before = len(time.slept)
    assert failures.wait(("gateway", "10.0.0.2"))
    assert failures.wait(("10.0.0.3", ""))
    assert len(time.slept) == before


def test_whoever_names_a_new_address_each_time_is_slowed_down_too() -> None:
    time = Time()
    failures = Failures(time.sleep, time.clock)
    for number in range(1895):
        failures.wait(("10.0.0.1", f"10.1.{number // 250}.{number % 250}"))
    assert time.now - 1000 > 80


def test_whoever_stops_is_forgiven_soon() -> None:
    time = Time()
    failures = Failures(time.slept.append, time.clock)
    for _ in range(100_000):
        failures.wait(ONE)
    time.now += 2 * LONGEST_WAIT + BURST / PER_SECOND
    time.slept.clear()
    assert all(failures.wait(ONE) for _ in range(BURST))
    assert time.slept == []


def test_not_more_addresses_are_remembered_than_memory_allows() -> None:
    failures = Failures(lambda _seconds: None, lambda: 0.0)
    for number in range(MOST_PEERS * 2):
        failures.wait((str(number), ""))
    assert len(failures._due) <= MOST_PEERS
