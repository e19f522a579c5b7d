"""The cursor: one row a source says what comes next; events are applied in the transaction that moves it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import ColumnElement, Row, Update, insert, select, update
from sqlalchemy.orm import Session

from hongxia.database import Database, is_infrastructure
from hongxia.events import parked
from hongxia.events.chain import GENESIS
from hongxia.events.context import Context
from hongxia.events.envelope import Event, Malformed, NotAnEvent, parse
from hongxia.events.feed import Contradicted, Feed, Gone, Head
from hongxia.events.heads import Place, Prove
from hongxia.events.outbox import savepoint
from hongxia.events.points import Point, no_point
from hongxia.events.tables import cursor
from hongxia.events.transport import Deliveries

Handle = Callable[[Session, Sequence[Event]], None]
"""What a consumer does with consecutive events, within the cursor's transaction."""

ATTEMPTS = 3
"""How often an event that fails is tried alone before it is parked."""

PAGE = 500


def no_notice(_events: Sequence[Event]) -> None:
    """Where nobody wants to know."""


class State(Enum):
    """What stopped a batch, if anything did."""

    LEVEL = "level"
    GAP = "gap"
    DIVERGED = "diverged"


@dataclass(slots=True)
class Outcome:
    """What became of a batch of events. `unproved` came by the queue and led to nothing that the source has signed."""

    state: State = State.LEVEL
    applied: int = 0
    duplicates: int = 0
    parked: int = 0
    dead: int = 0
    unproved: int = 0

    def plus(self, other: Outcome) -> Outcome:
        """Both together; the state is the later one's."""
        return Outcome(
            other.state,
            self.applied + other.applied,
            self.duplicates + other.duplicates,
            self.parked + other.parked,
            self.dead + other.dead,
            self.unproved + other.unproved,
        )


@dataclass(frozen=True, slots=True)
class Consumer:
    """One service's reading of one source. `handle` is the service's; `prove` tells which place in the history a signed
    head proves; `taken` is called, after the commit, with the events that the cursor has moved over. Nothing here keeps
    any state.
    """

    database: Database
    source: str
    handle: Handle
    prove: Prove
    point: Point = no_point
    taken: Callable[[Sequence[Event]], None] = no_notice


def lock(
    session: Session, source: str
) -> Row[tuple[str, int, str, datetime | None, str | None, int, str, datetime | None]]:
    """The cursor of a source, locked: the fence between replicas. A new one stands before the first event."""
    query = select(cursor).where(_is(source)).with_for_update()
    row = session.execute(query).one_or_none()
    if row is None:
        start = {"source": source, "position": 0, "chain": GENESIS, "head_position": 0, "head_chain": GENESIS}
        session.execute(insert(cursor), start)
        row = session.execute(query).one()
    return row


def receive(consumer: Consumer, context: Context, deliveries: Deliveries) -> Outcome:
    """Apply what the queue delivered, then acknowledge it all at once; after an error it can be called again.

    Nothing is believed because it came through the broker: only what leads to a head that the source has signed is
    applied. What is no event, or one of another source, goes to the dead letters. After a gap the rest is acknowledged
    too: the feed has it, and the cursor says from where on.
    """
    events, dead = [], []
    for index, body in enumerate(deliveries.bodies):
        try:
            events.append(parse(body))
        except NotAnEvent:
            dead.append(index)
        else:
            if not events[-1].is_of(consumer.source):
                events.pop()
                dead.append(index)
    proved = {place for head in deliveries.heads if head and (place := consumer.prove(head))}
    outcome = apply(consumer, context, events, proved) if events else Outcome()
    outcome.dead = len(dead)
    consumer.point("receive:before-refusal")
    for index in dead:
        deliveries.dead_letter(index)
    consumer.point("receive:before-ack")
    deliveries.acknowledge()
    return outcome


def apply(
    consumer: Consumer, context: Context, events: Iterable[Event], proved: Collection[Place] | None = None
) -> Outcome:
    """Apply those events that come next, in one transaction with the cursor.

    Next is position + 1 with a matching chain. At or below: a duplicate. Above: a gap. `proved` are the places that the
    source has signed, of events that came by the queue; None for what the feed itself says. A chain that does not match
    is a gap when it came by the queue (the feed shall tell) and a divergence when the feed itself says it. By the queue
    an event of which something is withheld is a gap, too, and so is what lies beyond the last proved place.
    """
    with consumer.database.begin(context) as session:
        row = lock(session, consumer.source)
        if row.diverged:
            return Outcome(State.DIVERGED)
        run, outcome = _next_run(row.position, row.chain, events, proved)
        if run:
            outcome.applied, outcome.parked = _apply_run(consumer, session, context, run)
            values = {"position": run[-1].position, "chain": run[-1].chain}
            session.execute(_of(consumer.source).values(last_event=_recorded(run[-1], context), **values))
        if outcome.state is State.DIVERGED:
            session.execute(_of(consumer.source).values(diverged="chain"))
        session.flush()
        consumer.point("apply:before-commit")
    consumer.point("apply:after-commit")
    if run:
        consumer.taken(run)
    return outcome


def _of(source: str) -> Update:
    return update(cursor).where(_is(source))


def _is(source: str) -> ColumnElement[bool]:
    return cursor.c.source == source


def _recorded(event: Event, context: Context) -> datetime:
    try:
        return event.recorded
    except Malformed:
        return context.now


def _next_run(
    position: int, chain: str, events: Iterable[Event], proved: Collection[Place] | None
) -> tuple[list[Event], Outcome]:
    run: list[Event] = []
    outcome = Outcome()
    differs = State.DIVERGED if proved is None else State.GAP
    for event in sorted(events, key=lambda e: e.position):
        if event.position <= position:
            outcome.duplicates += 1
            if event.position == position and event.chain != chain:
                outcome.state = differs
                break
        elif event.position > position + 1:
            outcome.state = State.GAP
            break
        elif not event.follows(chain) or not (event.whole or proved is None):
            outcome.state = differs
            break
        else:
            run.append(event)
            position, chain = event.position, event.chain
    if proved is not None and (believed := _believed(run, proved)) < len(run):
        outcome.state, outcome.unproved = State.GAP, len(run) - believed
        del run[believed:]
    return run, outcome


def _believed(run: Sequence[Event], proved: Collection[Place]) -> int:
    """How many events of a run lead to a place that the source has signed."""
    places = [(event.position, event.chain) in proved for event in run]
    return len(places) - places[::-1].index(True) if True in places else 0


def _apply_run(consumer: Consumer, session: Session, context: Context, run: Sequence[Event]) -> tuple[int, int]:
    """All at once; if that fails, each alone, so that only the one at fault is parked."""
    if _try(consumer.handle, session, run) is None:
        return len(run), 0
    applied = 0
    for event in run:
        for _ in range(ATTEMPTS):
            error = _try(consumer.handle, session, [event])
            if error is None:
                applied += 1
                break
        else:
            parked.park(session, consumer.source, event, error, ATTEMPTS, context.now)
    return applied, len(run) - applied


def _try(handle: Handle, session: Session, events: Sequence[Event]) -> Exception | None:
    """Handle events in a savepoint; returns what they failed with. Raises an error of the infrastructure."""
    try:
        with savepoint(session):
            handle(session, events)
    except Exception as error:
        if is_infrastructure(error):
            raise
        return error
    return None


def heal(consumer: Consumer, context: Context, feed: Feed, head: Head, limit: int = PAGE) -> Outcome:
    """Pull what is missing from the source's feed, page by page, until there is no more. Raises FeedAway.

    `head` is the source's, asked for before. No network call is made inside a transaction. A feed that has dropped
    what is missing, has a hole, or holds what is no event, stops the source.
    """
    total = Outcome()
    while True:
        after, chain = place(consumer)
        try:
            events = feed.page(after, limit, chain)
        except Gone as gone:
            return total.plus(diverge(consumer, context, after, f"gone:{gone.first}"))
        except Contradicted:
            return total.plus(diverge(consumer, context, after, "chain"))
        except NotAnEvent:
            return total.plus(diverge(consumer, context, after, "not-an-event"))
        if not all(event.is_of(consumer.source) for event in events):
            return total.plus(diverge(consumer, context, after, "foreign"))
        if _has_hole(events, after, head, feed):
            return total.plus(diverge(consumer, context, after, "hole"))
        if not events:
            return total
        outcome = apply(consumer, context, events)
        total = total.plus(outcome)
        consumer.point("heal:after-page")
        if outcome.state is State.DIVERGED or not outcome.applied + outcome.parked:
            return total


def _has_hole(events: Sequence[Event], after: int, head: Head, feed: Feed) -> bool:
    """Whether the source's log lacks the event after a position. If there is no later one either, the head must say
    the same twice, before and after: else the source was put back to an older state in between.
    """
    if events:
        return events[0].position > after + 1
    if head.position <= after:
        return False
    now = feed.head()
    return (now.position, now.chain) == (head.position, head.chain)


def place(consumer: Consumer) -> Place:
    """Return position and chain of the last event applied; 0 and GENESIS before the first."""
    with consumer.database.read() as session:
        row = session.execute(select(cursor.c.position, cursor.c.chain).where(_is(consumer.source))).one_or_none()
    return (row.position, row.chain) if row else (0, GENESIS)


def position(consumer: Consumer) -> int:
    """The position of the last event applied; 0 before the first."""
    return place(consumer)[0]


def compare_head(consumer: Consumer, context: Context, known: int, head: Head) -> State:
    """Hold the cursor against the source's own head: level, behind (a gap), or diverged.

    `known` is a position that the cursor had reached before the head was asked for; since then another replica may
    have moved it on. A source whose head lies below that, or has another chain at the cursor's position, was put back
    to an older state: this consumer stops reading it and changes nothing, until both agree again.
    """
    with consumer.database.begin(context) as session:
        row = lock(session, consumer.source)
        seen = {"head_position": head.position, "head_chain": head.chain, "head_seen": context.now}
        session.execute(_of(consumer.source).values(**seen))
        agree = (head.position, head.chain) == (row.position, row.chain)
        if row.diverged and agree:
            # The source was put right again: it ends exactly where this consumer stands.
            session.execute(_of(consumer.source).values(diverged=None))
        if agree:
            return State.LEVEL
        if row.diverged:
            return State.DIVERGED
        if head.position < min(known, row.position):
            session.execute(_of(consumer.source).values(diverged="head-below-cursor"))
            return State.DIVERGED
        if head.position == row.position and head.chain != row.chain:
            session.execute(_of(consumer.source).values(diverged="chain"))
            return State.DIVERGED
        return State.GAP if head.position > row.position else State.LEVEL


def resume(consumer: Consumer, context: Context, feed: Feed) -> State:
    """Whether a source that was stopped goes on from exactly where this consumer stands: then it was put right, and is
    read on. Raises FeedAway.
    """
    at, chain = place(consumer)
    try:
        events = feed.page(at, 1, chain)
    except (Gone, Contradicted, NotAnEvent):
        return State.DIVERGED
    if not events or events[0].position != at + 1 or not events[0].follows(chain):
        return State.DIVERGED
    with consumer.database.begin(context) as session:
        if lock(session, consumer.source).position == at:
            session.execute(_of(consumer.source).values(diverged=None))
    return State.GAP


def diverge(consumer: Consumer, context: Context, at: int, reason: str) -> Outcome:
    """Stop reading a source until somebody has looked at it, unless the cursor has moved on from `at` meanwhile."""
    with consumer.database.begin(context) as session:
        if lock(session, consumer.source).position != at:
            return Outcome(State.GAP)
        session.execute(_of(consumer.source).values(diverged=reason))
    return Outcome(State.DIVERGED)


def reread(session: Session, source: str) -> None:
    """Put the cursor back before the first event: the source's history, as it is now, shall count. What was learnt from
    the source must be dropped in the same transaction; its parked events are, here.
    """
    lock(session, source)
    start = {"position": 0, "chain": GENESIS, "diverged": None, "last_event": None}
    session.execute(_of(source).values(**start))
    parked.drop(session, source)


def check(consumer: Consumer, context: Context, feed: Feed, *, flowing: bool = False) -> Outcome:
    """Compare with the source's head, and pull what is missing. Raises FeedAway.

    While events are `flowing` in by the queue, the head is ahead of the cursor as a matter of course: what is on its
    way is not pulled as well.
    """
    holds = place(consumer)
    head = feed.head(holds)
    state = compare_head(consumer, context, holds[0], head)
    if state is State.DIVERGED:
        state = resume(consumer, context, feed)
    return heal(consumer, context, feed, head) if state is State.GAP and not flowing else Outcome(state)
