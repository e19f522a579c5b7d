"""What one caller may take of a process: long polls by subject, costly answers found once."""

from __future__ import annotations

import pytest

from hongxia.events import feed
from hongxia.runtime import green
from hongxia.runtime.green import Notice
from hongxia.runtime.limits import MOST_POLLS, Polls, Remembered, TooManyPolls
from tests.unit.runtime_builders import DEADLINE


def test_a_subject_has_so_many_polls_at_once_and_others_have_theirs() -> None:
    polls = Polls()
    waiting = [polls.by("many") for _ in range(MOST_POLLS)]
    for one in waiting:
        one.__enter__()
    with pytest.raises(TooManyPolls), polls.by("many"):
        pass
    with polls.by("another"), polls.by(None):
        pass
    waiting[0].__exit__(None, None, None)
    with polls.by("many"):
        pass


def test_a_poll_that_fails_is_over_too() -> None:
    polls = Polls()
    for _ in range(MOST_POLLS + 1):
        with pytest.raises(ValueError, match="fails"), polls.by("many"):
            raise ValueError("fails")


def test_an_answer_is_found_again_when_it_is_too_old() -> None:
    moment = [0.0]
    remembered: Remembered[int] = Remembered(2.0, lambda: moment[0])
    found = iter(range(10))
    answers = []
    for moment[0] in (0.0, 1.9, 2.0, 3.9, 10.0):
        answers.append(remembered.get(lambda: next(found)))
    assert answers == [0, 0, 1, 1, 2]


def test_many_who_ask_at_once_have_it_found_once() -> None:
    remembered: Remembered[str] = Remembered(60.0)
    asked = []

    def find() -> str:
        asked.append(1)
        green.sleep(0.01)
        return "found"

    assert green.within(DEADLINE, *[lambda: remembered.get(find)] * 20) == ["found"] * 20
    assert len(asked) == 1


def test_an_answer_that_can_not_be_found_is_tried_again() -> None:
    remembered: Remembered[str] = Remembered(60.0)
    with pytest.raises(ZeroDivisionError):
        remembered.get(lambda: str(1 / 0))
    assert remembered.get(lambda: "found") == "found"


def test_a_notice_wakes_all_who_wait_and_nobody_who_comes_later() -> None:
    notice, woken = Notice(), []

    def wait(name: str) -> None:
        notice.listener()(DEADLINE)
        woken.append(name)

    threads = [green.spawn(lambda name=name: wait(name)) for name in "ab"]
    green.sleep()
    notice.give()
    for thread in threads:
        thread.wait()
    assert sorted(woken) == ["a", "b"]
    assert notice.listener()(0.01) >= 0.005


def test_a_notice_that_comes_while_its_listener_reads_is_not_missed() -> None:
    notice = Notice()
    wait = notice.listener()
    notice.give()
    assert wait(DEADLINE) < DEADLINE
    assert wait(0.01) >= 0.005


def test_a_long_poll_is_answered_by_the_notice_and_not_by_looking_again() -> None:
    notice, looks = Notice(), []

    def read() -> list[bytes]:
        looks.append(1)
        return [b"event"] if len(looks) > 1 else []

    polling = green.spawn(lambda: feed.wait_for_page(read, notice.listener(), DEADLINE, DEADLINE))
    green.sleep()
    assert len(looks) == 1
    notice.give()
    assert polling.wait() == [b"event"]
    assert len(looks) == 2
