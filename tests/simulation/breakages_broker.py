"""Deliberate breakages of how the publisher bears a broker that is silent, slow, in an alarm, or refuses a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update

from hongxia.database import Database
from hongxia.events import relay
from hongxia.events.broker import Confirms, Publisher
from hongxia.events.context import Context
from hongxia.events.tables import outbox_head
from hongxia.events.transport import BrokerAway, Message

from .breakage import Breakage

_give_up, _publish = Publisher.give_up, Publisher.publish


def ignore_alarm(self: Publisher, blocked: bool) -> None:
    """Does not hear that the broker reads nothing: gives up, connects anew, and leaves one more copy each time."""


def send_all_again(self: Publisher) -> None:
    """After a fault sends the whole batch again, each time."""
    _give_up(self)
    self._alone = 0


def forget_what_was_confirmed(self: Publisher, messages: Sequence[Message]) -> int:
    """Takes a lost connection for a batch of which nothing arrived."""
    lost: list[BrokerAway] = []
    send = self._send

    def watched(batch: Sequence[Message]) -> int:
        try:
            return send(batch)
        except BrokerAway as error:
            lost.append(error)
            raise

    self._send = watched  # type: ignore[method-assign]
    try:
        done = _publish(self, messages)
    finally:
        self._send = send  # type: ignore[method-assign]
    if lost:
        raise lost[0]
    return done


def refused_is_away(self: Publisher, messages: Sequence[Message], error: Any) -> int:
    """Takes a refused message for a broker that is away, and tries again for ever."""
    raise BrokerAway(type(error).__name__)


def refuse_in_silence(self: Publisher, messages: Sequence[Message], error: Any) -> int:
    """Leaves a refused message out, and tells nobody."""
    if len(messages) > 1:
        self._alone = len(messages) - self._settled
        return self._settled
    self._alone -= 1
    return 1


def name_the_first(self: Publisher, messages: Sequence[Message], error: Any) -> int:
    """Takes the first message without a confirm for the refused one, though others may merely not be confirmed yet."""
    self._on_refused(messages[self._settled], str(error))
    return self._settled + 1


def keep_the_line(self: Publisher) -> None:
    """Goes on over the connection on which answers are missing, and counts its tags anew."""
    Confirms.__init__(self._confirms)
    self._tag = 0


def mark_unconditionally(database: Database, context: Context, position: int) -> None:
    """Writes the mark whatever it is: a relay that was frozen for a while puts it back."""
    with database.begin(context) as session:
        session.execute(update(outbox_head).values(published=position))


REFUSED = ("message refused for good",)

BREAKAGES = {
    "alarm not heard": Breakage(Publisher, "_note_blocked", ignore_alarm, needs=("broker alarm",)),
    "whole batch sent again after a fault": Breakage(
        Publisher, "give_up", send_all_again, needs=("confirm never comes",)
    ),
    "confirmed before a cut forgotten": Breakage(
        Publisher,
        "publish",
        forget_what_was_confirmed,
        needs=("broker dies while publishing", "message refused for good"),
    ),
    "refused message sent for ever": Breakage(Publisher, "_find_refused", refused_is_away, needs=REFUSED),
    "refused message not named": Breakage(Publisher, "_find_refused", refuse_in_silence, needs=REFUSED),
    "another message named as refused": Breakage(Publisher, "_find_refused", name_the_first, needs=REFUSED),
    "late confirm taken for another message's": Breakage(
        Publisher, "give_up", keep_the_line, needs=("confirm comes late", "message nacked")
    ),
    "mark put back by a frozen relay": Breakage(relay, "mark", mark_unconditionally, needs=("process frozen",)),
}
