"""The relay: gives committed events their positions, publishes them in order, marks what the broker confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, select, text, update
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events.chain import link
from hongxia.events.context import Context
from hongxia.events.declare import routing_key
from hongxia.events.envelope import splice
from hongxia.events.heads import Sign
from hongxia.events.points import Point, no_point
from hongxia.events.tables import outbox, outbox_head, outbox_type
from hongxia.events.transport import Message, Transport

BATCH = 1000
FROZEN_SECONDS = 10
"""How long the relay that leads may do nothing before another replica takes its place."""

_NUMBER_ROWS = text(
    "UPDATE outbox SET position = n.position, typeposition = n.typeposition, chain = n.chain"
    " FROM unnest(CAST(:seqs AS bigint[]), CAST(:positions AS bigint[]), CAST(:typepositions AS bigint[]),"
    " CAST(:chains AS text[])) AS n(seq, position, typeposition, chain) WHERE outbox.seq = n.seq"
)


UNNUMBERED = select(func.count()).where(outbox.c.position.is_(None)).scalar_subquery()
"""How many committed events wait for a number; for use beside the head in one statement, which sees one moment:
between two of them the relay might number what the second then misses.
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the relay has still to do: events without a position, and numbered ones that are not confirmed."""

    unnumbered: int
    unpublished: int


def number(database: Database, context: Context, limit: int = BATCH, point: Point = no_point) -> int:
    """Give the next positions to committed events that have none; returns how many got one.

    The head row is locked first, in the same transaction: two relays can't hand out the same number. Numbers are
    given after the commit, by one writer, so there are no gaps and none appears later.
    """
    with database.begin(context) as session:
        head = lock_head(session)
        rows = session.execute(
            select(outbox.c.seq, outbox.c.type, outbox.c.digest)
            .where(outbox.c.position.is_(None))
            .order_by(outbox.c.seq)
            .limit(limit)
        ).all()
        if rows:
            _give_positions(session, head, rows)
        point("number:before-commit")
    point("number:after-commit")
    return len(rows)


def lock_head(session: Session) -> Row[Any]:
    """The counter row, locked: the fence between relays. PostgreSQL takes it from a process that does nothing with it
    for FROZEN_SECONDS, since one that was stopped would keep it from the others for ever.
    """
    query: Select[Any] = select(outbox_head)
    if session.get_bind().dialect.name == "postgresql":
        setting = "idle_in_transaction_session_timeout"
        query = query.add_columns(func.set_config(setting, f"{FROZEN_SECONDS}s", True))
    return session.execute(query.with_for_update()).one()


def _give_positions(session: Session, head: Row[Any], rows: Sequence[Any]) -> None:
    by_type: dict[str, int] = {row.type: row.typeposition for row in session.execute(select(outbox_type))}
    known = set(by_type)
    position, chain = head.position, head.chain
    numbered = []
    for row in rows:
        position += 1
        by_type[row.type] = by_type.get(row.type, 0) + 1
        chain = link(chain, position, row.digest)
        numbered.append({"b_seq": row.seq, "position": position, "typeposition": by_type[row.type], "chain": chain})
    _write_positions(session, numbered)
    session.execute(update(outbox_head).values(position=position, chain=chain))
    touched = {row.type for row in rows}
    for event_type in sorted(touched & known):
        session.execute(
            update(outbox_type).where(outbox_type.c.type == event_type).values(typeposition=by_type[event_type])
        )
    if touched - known:
        session.execute(insert(outbox_type), [{"type": t, "typeposition": by_type[t]} for t in sorted(touched - known)])


def _write_positions(session: Session, numbered: list[dict[str, int | str]]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        columns = {f"{name}s": [row[name] for row in numbered] for name in ("position", "typeposition", "chain")}
        session.execute(_NUMBER_ROWS, {"seqs": [row["b_seq"] for row in numbered], **columns})
        return
    by_row = update(outbox).where(outbox.c.seq == bindparam("b_seq"))
    session.connection().execute(
        by_row.values(position=bindparam("position"), typeposition=bindparam("typeposition"), chain=bindparam("chain")),
        numbered,
    )


def publish(
    database: Database, transport: Transport, context: Context, sign: Sign, limit: int = BATCH, point: Point = no_point
) -> int:
    """Publish the next numbered events, in order, and mark those that are settled (see Transport); returns how many.

    The last one carries a head, signed by `sign`: consumers believe nothing of the broker but what leads to one. What
    was published and not marked is published again after a crash: consumers know it by its position.
    """
    batch = unpublished(database, limit)
    if not batch:
        return 0
    messages = signed(batch, sign, context)
    point("publish:before-send")
    settled = transport.publish(messages)
    point("publish:before-mark")
    if settled:
        mark(database, context, batch[settled - 1][0])
    point("publish:after-mark")
    return settled


def unpublished(database: Database, limit: int = BATCH) -> list[tuple[int, str, Message]]:
    """The next numbered events that are not confirmed, as (position, chain, message)."""
    query = (
        select(outbox.c.position, outbox.c.type, outbox.c.body, outbox.c.typeposition, outbox.c.chain)
        .where(outbox.c.position > select(outbox_head.c.published).scalar_subquery())
        .order_by(outbox.c.position)
        .limit(limit)
    )
    with database.read() as session:
        rows = session.execute(query).all()
    return [
        (
            row.position,
            row.chain,
            Message(
                routing_key(row.type),
                splice(row.body, row.position, row.typeposition, row.chain),
                position=row.position,
            ),
        )
        for row in rows
    ]


def signed(batch: Sequence[tuple[int, str, Message]], sign: Sign, context: Context) -> list[Message]:
    """Return the messages of a batch, the last one with the signed head at its event."""
    position, chain, last = batch[-1]
    head = sign(position, chain, context.now).dumped()
    return [*(message for _, _, message in batch[:-1]), replace(last, head=head)]


def mark(database: Database, context: Context, position: int) -> None:
    """Note that everything up to this position is confirmed."""
    with database.begin(context) as session:
        session.execute(update(outbox_head).where(outbox_head.c.published < position).values(published=position))


def backlog(session: Session) -> Backlog:
    """How much there is to number and to publish."""
    query = select(UNNUMBERED, outbox_head.c.position - outbox_head.c.published)
    return Backlog(*session.execute(query).one())
