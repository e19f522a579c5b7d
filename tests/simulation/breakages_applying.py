"""Deliberate breakages of how a consumer applies what its queue gives it: acknowledgement, cursor, savepoint."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from hongxia.events import cursor, heads, outbox
from hongxia.events.context import Context
from hongxia.events.cursor import Consumer, Outcome, State
from hongxia.events.envelope import Event, NotAnEvent, parse
from hongxia.events.heads import Place, SignedHead
from hongxia.events.tables import cursor as cursors
from hongxia.events.transport import Deliveries
from hongxia.keys import PublicKeys

from .breakage import BETWEEN, Breakage

_apply, _next_run = cursor.apply, cursor._next_run


def acknowledge_before_commit(consumer: Consumer, context: Context, deliveries: Deliveries) -> Outcome:
    """As nameko's event handlers do with an acknowledgement that does not wait for the work."""
    events = []
    for index, body in enumerate(deliveries.bodies):
        try:
            events.append(parse(body))
        except NotAnEvent:
            deliveries.dead_letter(index)
    deliveries.acknowledge()
    consumer.point(BETWEEN)
    return cursor.apply(consumer, context, events)


def refuse_before_commit(consumer: Consumer, context: Context, deliveries: Deliveries) -> Outcome:
    """Refuses what is no event while it reads; after a database error it does so again."""
    events = []
    for index, body in enumerate(deliveries.bodies):
        try:
            events.append(parse(body))
        except NotAnEvent:
            deliveries.dead_letter(index)
    outcome = cursor.apply(consumer, context, events)
    deliveries.acknowledge()
    return outcome


def refuse_nothing(consumer: Consumer, context: Context, deliveries: Deliveries) -> Outcome:
    """What is no event is acknowledged and forgotten."""
    events = []
    for body in deliveries.bodies:
        with suppress(NotAnEvent):
            events.append(parse(body))
    outcome = cursor.apply(consumer, context, events)
    deliveries.acknowledge()
    return outcome


def effect_then_cursor(
    consumer: Consumer, context: Context, events: Iterable[Event], proved: Collection[Place] | None = None
) -> Outcome:
    """The cursor moves in a transaction of its own, after the effect."""
    with consumer.database.begin(context) as session:
        row = cursor.lock(session, consumer.source)
        if row.diverged:
            return Outcome(State.DIVERGED)
        run, outcome = cursor._next_run(row.position, row.chain, events, proved)
        if run:
            outcome.applied, outcome.parked = cursor._apply_run(consumer, session, context, run)
    consumer.point(BETWEEN)
    _move(consumer, context, run, outcome)
    return outcome


def cursor_then_effect(
    consumer: Consumer, context: Context, events: Iterable[Event], proved: Collection[Place] | None = None
) -> Outcome:
    """The cursor moves in a transaction of its own, before the effect."""
    with consumer.database.begin(context) as session:
        row = cursor.lock(session, consumer.source)
        if row.diverged:
            return Outcome(State.DIVERGED)
        run, outcome = cursor._next_run(row.position, row.chain, events, proved)
    _move(consumer, context, run, outcome)
    consumer.point(BETWEEN)
    with consumer.database.begin(context) as session:
        if run:
            outcome.applied, outcome.parked = cursor._apply_run(consumer, session, context, run)
    return outcome


def apply_without_lock(
    consumer: Consumer, context: Context, events: Iterable[Event], proved: Collection[Place] | None = None
) -> Outcome:
    """Reads the cursor first and trusts that nobody moves it until the effect is written."""
    with consumer.database.begin(context) as session:
        row = cursor.lock(session, consumer.source)
    if row.diverged:
        return Outcome(State.DIVERGED)
    run, outcome = cursor._next_run(row.position, row.chain, events, proved)
    consumer.point(BETWEEN)
    with consumer.database.begin(context) as session:
        if run:
            outcome.applied, outcome.parked = cursor._apply_run(consumer, session, context, run)
    _move(consumer, context, run, outcome)
    return outcome


def _move(consumer: Consumer, context: Context, run: Sequence[Event], outcome: Outcome) -> None:
    with consumer.database.begin(context) as session:
        row = update(cursors).where(cursors.c.source == consumer.source)
        if run:
            session.execute(row.values(position=run[-1].position, chain=run[-1].chain))
        if outcome.state is State.DIVERGED:
            session.execute(row.values(diverged="chain"))


def stay_at_what_was_parked(
    consumer: Consumer, context: Context, events: Iterable[Event], proved: Collection[Place] | None = None
) -> Outcome:
    """The cursor does not move over an event that was parked."""
    with consumer.database.begin(context) as session:
        before = cursor.lock(session, consumer.source)
    outcome = _apply(consumer, context, events, proved)
    if outcome.parked and not outcome.applied:
        with consumer.database.begin(context) as session:
            row = update(cursors).where(cursors.c.source == consumer.source)
            session.execute(row.values(position=before.position, chain=before.chain))
    return outcome


def run_with_duplicates(position: int, chain: str, events: Iterable[Event], proved: Collection[Place] | None) -> Any:
    """A message that comes again is applied again."""
    found = list(events)
    again = [event for event in found if event.position <= position]
    run, outcome = _next_run(position, chain, found, proved)
    return [*again, *run], outcome


def believe_the_broker(position: int, chain: str, events: Iterable[Event], proved: Collection[Place] | None) -> Any:
    """Whatever fits onto the chain is the source's; nobody asks for a signature."""
    return _next_run(position, chain, *_believing(events, proved))


def believe_what_comes_with_a_head(
    position: int, chain: str, events: Iterable[Event], proved: Collection[Place] | None
) -> Any:
    """One signature among what was delivered is enough for all of it."""
    return _next_run(position, chain, *(_believing(events, proved) if proved else (events, proved)))


def _believing(events: Iterable[Event], proved: Collection[Place] | None) -> tuple[list[Event], Any]:
    found = list(events)
    return found, None if proved is None else {(event.position, event.chain) for event in found}


def any_signature_will_do(head: SignedHead, _keys: PublicKeys, _service: str) -> bool:
    """Looks for a signature, and not whose it is."""
    return bool(head.signature)


def _true(*_arguments: Any) -> bool:
    return True


def run_over_gaps(position: int, chain: str, events: Iterable[Event], proved: Collection[Place] | None) -> Any:
    """Whatever is newer comes next."""
    return [event for event in sorted(events, key=lambda e: e.position) if event.position > position], Outcome()


@contextmanager
def events_at_the_commit(session: Session) -> Iterator[None]:
    """Events are written at the commit only; one that can't be written fails the whole batch, again and again."""
    before = len(outbox._appended(session))
    try:
        with session.begin_nested():
            yield
    except BaseException:
        del outbox._appended(session)[before:]
        raise


@contextmanager
def changes_alone(session: Session) -> Iterator[None]:
    """A savepoint that knows of no events: those of a failed attempt are committed all the same."""
    with session.begin_nested():
        yield


@contextmanager
def no_savepoint(session: Session) -> Iterator[None]:
    """What a failed attempt has written stays."""
    yield


BREAKAGES = {
    "acknowledge before commit": Breakage(cursor, "receive", acknowledge_before_commit),
    "refuse before commit": Breakage(
        cursor, "receive", refuse_before_commit, needs=("no event at all", "database away at the commit")
    ),
    "no dead letters": Breakage(cursor, "receive", refuse_nothing, needs=("no event at all",)),
    "cursor after the effect's transaction": Breakage(cursor, "apply", effect_then_cursor),
    "cursor before the effect's transaction": Breakage(cursor, "apply", cursor_then_effect),
    "cursor without a lock": Breakage(cursor, "apply", apply_without_lock),
    "parked without moving the cursor": Breakage(cursor, "apply", stay_at_what_was_parked, needs=("handler fails",)),
    "duplicates applied": Breakage(cursor, "_next_run", run_with_duplicates),
    "gap ignored": Breakage(cursor, "_next_run", run_over_gaps),
    "believes the broker": Breakage(cursor, "_next_run", believe_the_broker, needs=("forged history",)),
    "one signature for all that was delivered": Breakage(
        cursor, "_next_run", believe_what_comes_with_a_head, needs=("forged history",)
    ),
    "anybody's signature": Breakage(heads, "is_proved", any_signature_will_do, needs=("forged history",)),
    "applies what is not whole": Breakage(Event, "whole", property(_true), needs=("field withheld",)),
    "takes events of others": Breakage(Event, "is_of", _true, needs=("foreign event",)),
    "events at the commit, not in the savepoint": Breakage(
        cursor, "savepoint", events_at_the_commit, needs=("handler raises an event twice",)
    ),
    "savepoint's events not cut back": Breakage(cursor, "savepoint", changes_alone, needs=("handler fails",)),
    "no savepoint": Breakage(cursor, "savepoint", no_savepoint, needs=("handler fails",)),
}
