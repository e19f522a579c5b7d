"""A figure says whether anything is missing from it."""

from __future__ import annotations

from datetime import UTC, datetime

from hongxia.events.feed import FeedAway, Head
from services.reporting.proof.completeness import Reading, SourceState, compared, overall
from services.reporting.proof.heads import AWAY_SECONDS, Heads

A, B = "a" * 64, "b" * 64


def read(position: int = 7, chain: str = A, *, parked: int = 0, diverged: str | None = None) -> Reading:
    return Reading("outreach", position, chain, datetime(2023, 1, 1, tzinfo=UTC), diverged, parked)


def state(reading: Reading, head: Head | None) -> str:
    return compared(reading, head).state


def test_equal_position_and_chain_are_complete() -> None:
    assert state(read(), Head(7, A, 0, 1)) == "complete"


def test_a_cursor_behind_the_head_is_catching_up() -> None:
    found = compared(read(), Head(9, B, 1, 1))
    assert (found.state, found.reason) == ("catching_up", "还差 3 条记录")


def test_events_that_have_no_position_yet_are_missing_too() -> None:
    assert state(read(), Head(7, A, 1, 1)) == "catching_up"


def test_a_source_that_can_not_be_asked_is_not_called_complete() -> None:
    found = compared(read(), None)
    assert (found.state, found.head_position) == ("catching_up", None)
    assert found.reason and "不知是否读全" in found.reason


def test_another_chain_or_a_head_below_the_cursor_has_diverged() -> None:
    assert state(read(), Head(7, B, 0, 1)) == "diverged"
    assert state(read(), Head(6, B, 0, 1)) == "diverged"
    assert state(read(diverged="chain"), Head(7, A, 0, 1)) == "diverged"


def test_parked_events_are_told_even_where_the_cursor_is_level() -> None:
    assert state(read(parked=2), Head(7, A, 0, 1)) == "parked"


def test_a_figure_is_in_the_worst_of_its_sources_states_with_every_reason() -> None:
    states: list[SourceState] = [compared(read(parked=1), Head(7, A, 0, 1)), compared(read(), None)]
    assert overall(states) == ("parked", "走访联络：搁置了 1 条记录；走访联络：来源连不上，不知是否读全")
    assert overall(states[1:])[0] == "catching_up"
    assert overall([]) == ("complete", None)


def test_a_figure_that_waits_for_another_services_answer_is_not_complete() -> None:
    assert overall([compared(read(), Head(7, A, 0, 1))], pending=2) == ("catching_up", "2 件等待另一服务答复")


class Clockwork:
    """A fetch that counts, and a clock that is turned by hand."""

    def __init__(self, *heads: Head | None) -> None:
        self.now, self.asked, self.heads = 100.0, 0, list(heads)

    def fetch(self, _source: str) -> Head:
        self.asked += 1
        head = self.heads.pop(0)
        if head is None:
            raise FeedAway("away")
        return head

    def heads_of(self) -> Heads:
        return Heads(self.fetch, lambda: self.now)


def test_a_head_is_remembered_for_a_moment() -> None:
    clock = Clockwork(Head(7, A, 0, 1), Head(9, B, 0, 1))
    heads = clock.heads_of()
    assert [heads.of("outreach", 7), heads.of("outreach", 7)] == [Head(7, A, 0, 1)] * 2
    clock.now += 1.5
    assert heads.of("outreach", 7) == Head(9, B, 0, 1)
    assert clock.asked == 2


def test_a_remembered_head_that_the_cursor_has_passed_is_asked_for_again() -> None:
    clock = Clockwork(Head(7, A, 0, 1), Head(9, B, 0, 1))
    heads = clock.heads_of()
    heads.of("outreach", 7)
    assert heads.of("outreach", 9) == Head(9, B, 0, 1)


def test_a_source_that_is_away_is_not_asked_at_every_look() -> None:
    clock = Clockwork(None, Head(7, A, 0, 1))
    heads = clock.heads_of()
    assert [heads.of("outreach", 0), heads.of("outreach", 0)] == [None, None]
    clock.now += AWAY_SECONDS + 1
    assert heads.of("outreach", 0) == Head(7, A, 0, 1)
