"""Deliberate breakages of the source's side: commit, number, publish, mark, forget."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events import feed, outbox, relay
from hongxia.events.broker import Confirms
from hongxia.events.context import Context
from hongxia.events.heads import Sign
from hongxia.events.points import Point, no_point
from hongxia.events.tables import outbox as rows
from hongxia.events.tables import outbox_head
from hongxia.events.transport import Transport

from . import steps
from .actors import Crash
from .breakage import BETWEEN, Breakage
from .history import History
from .truth import linked


def number_before_commit(history: History) -> None:
    """As a sequence does: the number is drawn first, then the transaction goes on for a while, or is rolled back."""
    database = history.nodes["origin"].database
    with database.begin(history.context("origin")) as session:
        drawn = relay.lock_head(session).position + 1
        session.execute(update(outbox_head).values(position=drawn))
    history.meanwhile()
    if history.rng.random() < 0.8:
        with database.begin(history.context("origin")) as session:
            event_id = steps.change(history, session)
            outbox.flush(session)
            previous = relay.lock_head(session).chain
            body = session.scalar(select(rows.c.body).where(rows.c.id == event_id))
            chain = linked(previous, drawn, body)
            numbered = {"position": drawn, "typeposition": drawn, "chain": chain}
            session.execute(update(rows).where(rows.c.id == event_id).values(**numbered))
            session.execute(update(outbox_head).values(chain=chain))


def dispatch_after_commit(history: History) -> None:
    """As nameko's examples do: commit the change, then send the event."""
    database = history.nodes["origin"].database
    with database.begin(history.context("origin")) as session:
        steps.change(history, session)
        events = _taken_out(session)
    with suppress(Crash):
        history.point(BETWEEN)
        _put_in(history, events)


def dispatch_before_commit(history: History) -> None:
    """The event goes out, and then the change is rolled back."""
    database = history.nodes["origin"].database
    events = []
    with suppress(steps.RolledBack), database.begin(history.context("origin")) as session:
        steps.change(history, session)
        events = _taken_out(session)
        if history.rng.random() < 0.3:
            raise steps.RolledBack
    _put_in(history, events)


def _taken_out(session: Session) -> list[dict[str, Any]]:
    appended = outbox._appended(session)
    events = list(appended)
    appended.clear()
    return events


def _put_in(history: History, events: list[dict[str, Any]]) -> None:
    with history.nodes["origin"].database.begin(history.context("origin")) as session:
        outbox._appended(session).extend(events)


def number_only_what_comes_later(
    database: Database, context: Context, limit: int = 1000, point: Point = no_point
) -> int:
    """Remembers the last row seen and goes on from there: what becomes visible late is skipped."""
    with database.begin(context) as session:
        head = relay.lock_head(session)
        last = session.scalar(select(func.max(rows.c.seq)).where(rows.c.position.is_not(None))) or 0
        query = select(rows.c.seq, rows.c.type, rows.c.digest).where(rows.c.position.is_(None), rows.c.seq > last)
        found = session.execute(query.order_by(rows.c.seq).limit(limit)).all()
        if found:
            relay._give_positions(session, head, found)
    return len(found)


def number_without_lock(database: Database, context: Context, limit: int = 1000, point: Point = no_point) -> int:
    """Reads the head and the rows, and writes later, without a lock in between."""
    with database.read() as session:
        head = session.execute(select(outbox_head)).one()
        query = select(rows.c.seq, rows.c.type, rows.c.digest).where(rows.c.position.is_(None))
        found = session.execute(query.order_by(rows.c.seq).limit(limit)).all()
    point(BETWEEN)
    if found:
        with database.begin(context) as session:
            relay._give_positions(session, head, found)
    return len(found)


def mark_before_confirm(
    database: Database, transport: Transport, context: Context, sign: Sign, limit: int = 1000, point: Point = no_point
) -> int:
    """Marks as published what is only going to be sent."""
    batch = relay.unpublished(database, limit)
    if not batch:
        return 0
    relay.mark(database, context, batch[-1][0])
    point(BETWEEN)
    return transport.publish(relay.signed(batch, sign, context))


def mark_what_was_sent(
    database: Database, transport: Transport, context: Context, sign: Sign, limit: int = 1000, point: Point = no_point
) -> int:
    """Sends and marks, and does not look at the answers."""
    batch = relay.unpublished(database, limit)
    if batch:
        transport.publish(relay.signed(batch, sign, context))
        relay.mark(database, context, batch[-1][0])
    return len(batch)


_unpublished = relay.unpublished


def unpublished_backwards(database: Database, limit: int = 1000) -> list[Any]:
    """In the wrong order."""
    return _unpublished(database, limit)[::-1]


def unpublished_with_a_hole(database: Database, limit: int = 1000) -> list[Any]:
    """Leaves one out."""
    batch = _unpublished(database, limit)
    return batch[:1] + batch[2:]


def any_confirm_counts(self: Confirms, delivery_tag: int, multiple: bool) -> None:
    """As py-amqp's own wait does: an acknowledgement is an acknowledgement, whichever message it is for."""
    waiting = [tag for tag in self.outstanding if tag not in self.answers]
    if waiting:
        self._answer(delivery_tag if multiple else waiting[0], multiple, True)


def refused_counts_as_taken(self: Confirms, delivery_tag: int, multiple: bool) -> None:
    """A nack is an answer too."""
    self._answer(delivery_tag, multiple, True)


def forget_unpublished(database: Database, context: Context, before: Any) -> int:
    """Drops by age alone."""
    with database.begin(context) as session:
        last: int | None = session.scalar(select(func.max(rows.c.position)).where(rows.c.recorded <= before))
        if last is None:
            return 0
        session.execute(rows.delete().where(rows.c.position <= last))
        session.execute(update(outbox_head).values(first=last + 1))
    return last


BREAKAGES = {
    "number before commit": Breakage(steps, "commit", number_before_commit),
    "event after commit": Breakage(steps, "commit", dispatch_after_commit),
    "event before commit": Breakage(steps, "commit", dispatch_before_commit),
    "late rows skipped": Breakage(
        relay, "number", number_only_what_comes_later, needs=("commit overtaken by another",)
    ),
    "number without the head lock": Breakage(relay, "number", number_without_lock),
    "mark before confirm": Breakage(relay, "publish", mark_before_confirm),
    "mark without confirm": Breakage(relay, "publish", mark_what_was_sent),
    "confirms without delivery tags": Breakage(Confirms, "on_ack", any_confirm_counts, needs=("confirm never comes",)),
    "nacked counts as confirmed": Breakage(Confirms, "on_nack", refused_counts_as_taken, needs=("message nacked",)),
    "publish out of order": Breakage(relay, "unpublished", unpublished_backwards),
    "publish with a hole": Breakage(relay, "unpublished", unpublished_with_a_hole),
    "unpublished events forgotten": Breakage(feed, "forget", forget_unpublished, needs=("feed forgotten",)),
}
