from __future__ import annotations

from hongxia.runtime.backoff import Backoff


def test_delays_double_up_to_the_longest() -> None:
    backoff = Backoff(0.1, 5.0)
    assert [round(backoff.next(), 1) for _ in range(8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_success_begins_anew() -> None:
    backoff = Backoff(1.0, 3.0)
    assert [backoff.next(), backoff.next(), backoff.next()] == [1.0, 2.0, 3.0]
    backoff.reset()
    assert [backoff.next(), backoff.next()] == [1.0, 2.0]


def test_the_first_delay_is_never_longer_than_the_longest() -> None:
    assert Backoff(9.0, 2.0).next() == 2.0


def test_a_thousand_failures_are_no_overflow() -> None:
    backoff = Backoff()
    assert [backoff.next() for _ in range(5000)][-1] == 5.0


def test_two_backoffs_wait_alike() -> None:
    first, second = Backoff(), Backoff()
    assert [first.next() for _ in range(9)] == [second.next() for _ in range(9)]
