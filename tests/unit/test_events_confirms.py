from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hongxia.events.broker import Confirms


def waiting_for(count: int) -> Confirms:
    confirms = Confirms()
    for tag in range(1, count + 1):
        confirms.sent(tag)
    return confirms


def test_messages_count_as_confirmed_in_their_order_only() -> None:
    confirms = waiting_for(3)
    confirms.on_ack(2, False)
    confirms.on_ack(3, False)
    assert confirms.settle() == 0
    confirms.on_ack(1, False)
    assert confirms.settle() == 3
    assert not confirms.outstanding


def test_one_answer_may_be_for_many() -> None:
    confirms = waiting_for(4)
    confirms.on_ack(3, True)
    assert confirms.settle() == 3
    confirms.on_ack(4, False)
    assert confirms.settle() == 1


def test_an_answer_for_many_does_not_take_back_a_refusal() -> None:
    confirms = waiting_for(3)
    confirms.on_nack(2, False)
    confirms.on_ack(3, True)
    assert confirms.settle() == 1


@pytest.mark.parametrize("multiple", [False, True])
def test_the_confirmed_stretch_ends_at_a_refused_message(multiple: bool) -> None:
    confirms = waiting_for(4)
    confirms.on_ack(1, False)
    assert confirms.settle() == 1
    confirms.on_nack(2, multiple)
    confirms.on_ack(3, False)
    confirms.on_ack(4, False)
    assert confirms.settle() == 0
    assert not confirms.outstanding


def test_a_returned_message_counts_as_sent_and_is_counted() -> None:
    confirms = waiting_for(1)
    confirms.on_return("reply", "exchange", "key", object())
    confirms.on_ack(1, False)
    assert confirms.settle() == 1
    assert confirms.returned == 1


def test_the_late_answer_for_a_message_given_up_is_not_taken_for_another() -> None:
    given_up, fresh = waiting_for(1), waiting_for(1)
    given_up.on_ack(1, False)
    assert fresh.settle() == 0


@given(some.data())
def test_whatever_the_order_the_first_unanswered_or_refused_message_ends_the_stretch(data: some.DataObject) -> None:
    count = data.draw(some.integers(1, 8))
    fates = data.draw(some.lists(some.sampled_from(["ack", "nack", "none"]), min_size=count, max_size=count))
    tags = data.draw(some.permutations(range(1, count + 1)))
    confirms, settled = waiting_for(count), 0
    for tag in tags:
        if fates[tag - 1] != "none":
            (confirms.on_ack if fates[tag - 1] == "ack" else confirms.on_nack)(tag, False)
        settled += confirms.settle() if data.draw(some.booleans()) else 0
    settled += confirms.settle()
    leading = next((index for index, fate in enumerate(fates) if fate != "ack"), count)
    assert settled == leading
