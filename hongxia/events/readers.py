"""What readers state about this log: each says with its pull up to which (position, chain) it holds it.

The latest statement of each is kept: it is the reader's lag, and it is a witness, for whoever rewrites the log
contradicts what others hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events.chain import GENESIS
from hongxia.events.context import Context
from hongxia.events.tables import outbox, outbox_head, reader

AGAIN = timedelta(minutes=1)
"""A statement that says nothing new is written again after so long."""


class AnotherHistory(Exception):
    """A reader holds another history than this log's. `known` is this log's chain at its position, if it has one."""

    def __init__(self, position: int, stated: str, known: str | None) -> None:
        super().__init__(f"another history at position {position}")
        self.position = position
        self.stated = stated
        self.known = known


@dataclass(frozen=True, slots=True)
class Statement:
    """What a reader stated last, and how many events it has still to read."""

    subject: str
    position: int
    chain: str
    seen: datetime
    lag: int


def check(session: Session, position: int, chain: str) -> bool:
    """Compare a place with this log's history; return whether that is possible: what is no longer kept can't be
    compared. Raises AnotherHistory.
    """
    end, last, first = session.execute(select(outbox_head.c.position, outbox_head.c.chain, outbox_head.c.first)).one()
    if 0 < position < first and position != end:
        return False
    if position == 0:
        known: str | None = GENESIS
    elif position == end:
        known = last
    else:
        known = session.scalar(select(outbox.c.chain).where(outbox.c.position == position))
    if known != chain:
        raise AnotherHistory(position, chain, known)
    return True


def note(database: Database, context: Context, subject: str, position: int, chain: str) -> None:
    """Keep what a reader states, unless it said so a moment ago."""
    row = {"position": position, "chain": chain, "seen": context.now}
    with database.read() as session:
        known = session.execute(select(reader).where(reader.c.subject == subject)).one_or_none()
    if known is not None and known.chain == chain and context.now - known.seen < AGAIN:
        return
    with database.begin(context) as session:
        if not session.execute(update(reader).where(reader.c.subject == subject).values(row)).rowcount:  # type: ignore[attr-defined]
            session.execute(insert(reader), {"subject": subject, **row})


def listed(session: Session) -> list[Statement]:
    """Return the latest statement of each reader."""
    end: int = session.scalars(select(outbox_head.c.position)).one()
    rows = session.execute(select(reader).order_by(reader.c.subject)).all()
    return [Statement(row.subject, row.position, row.chain, row.seen, max(0, end - row.position)) for row in rows]


def forget(session: Session, subject: str) -> bool:
    """Drop what a reader stated, because it reads no more; return whether there was something."""
    return bool(session.execute(delete(reader).where(reader.c.subject == subject)).rowcount)  # type: ignore[attr-defined]
