"""Deliberate breakages of how a consumer looks after its place: chain, head, healing, divergence, parking, replay."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from hongxia.events import cursor, parked
from hongxia.events.context import Context
from hongxia.events.cursor import Consumer, Outcome, State
from hongxia.events.envelope import Event
from hongxia.events.feed import Feed
from hongxia.events.heads import Place
from hongxia.events.parked import UnknownType

from . import services
from .breakage import Breakage

_apply, _lock, _compare_head = cursor.apply, cursor.lock, cursor.compare_head
_dispatch = services.dispatch


def never_diverged(
    consumer: Consumer, context: Context, events: Iterable[Event], proved: Collection[Place] | None = None
) -> Outcome:
    """Takes a chain that does not match for a gap, whoever says it."""
    events = list(events)
    return _apply(consumer, context, events, proved or {(event.position, event.chain) for event in events})


def read_on_when_stopped(session: Session, source: str) -> Any:
    """Does not look at whether the source was stopped."""
    row = _lock(session, source)
    return type("Row", (), {"position": row.position, "chain": row.chain, "diverged": None})


def look_at_nothing(consumer: Consumer, context: Context, feed: Feed) -> Outcome:
    """Trusts the queue."""
    return Outcome()


def look_without_healing(consumer: Consumer, context: Context, feed: Feed) -> Outcome:
    """Notes how far behind it is, and waits for the queue."""
    return Outcome(_compare_head(consumer, context, 0, feed.head()))


def compare_with_a_later_cursor(consumer: Consumer, context: Context, known: int, head: Any) -> State:
    """Holds the head against the cursor as it is when the answer has come."""
    return _compare_head(consumer, context, 2**62, head)


def skip_unknown(session: Session, events: Sequence[Event], handlers: Any, ignored: Any) -> None:
    """What one does not know can't matter."""
    for event in events:
        with suppress(UnknownType):
            _dispatch(session, [event], handlers, ignored)


def replay_and_keep(*_where: object) -> Any:
    """A replayed event stays parked."""
    return parked.update(parked.parked).where(False).values(attempts=parked.parked.c.attempts)


def _always(*_arguments: object) -> bool:
    return True


def _never(*_arguments: object) -> bool:
    return False


def _nothing(*_arguments: object) -> None:
    return None


def _go_on(*_arguments: object) -> Outcome:
    return Outcome()


BREAKAGES = {
    "no chain check": Breakage(Event, "follows", _always, needs=("forged event",)),
    "no head check": Breakage(cursor, "check", look_at_nothing),
    "no healing": Breakage(cursor, "check", look_without_healing),
    "head compared with a later cursor": Breakage(
        cursor, "compare_head", compare_with_a_later_cursor, needs=("slow head",)
    ),
    "divergence taken for a gap": Breakage(cursor, "apply", never_diverged, needs=("row of the log altered",)),
    "stopped source read on": Breakage(
        cursor, "lock", read_on_when_stopped, needs=("feed forgotten", "row of the log removed")
    ),
    "hole in the feed ignored": Breakage(cursor, "_has_hole", _never, needs=("row of the log removed",)),
    "forgotten feed ignored": Breakage(cursor, "diverge", _go_on, needs=("feed forgotten",)),
    "failed events dropped": Breakage(parked, "park", _nothing, needs=("handler fails",)),
    "unknown type skipped": Breakage(services, "dispatch", skip_unknown, needs=("event of an unknown type",)),
    "replayed events stay parked": Breakage(parked, "delete", replay_and_keep, needs=("handler fails",)),
    "replay ignores the entity's version": Breakage(services, "is_newer", _always, needs=("handler fails",)),
}
