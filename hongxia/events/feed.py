"""The feed: the outbox read as a log, by position, after the HTTP Feeds specification; and its client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events.context import Context
from hongxia.events.digest import withheld_whole, withhold
from hongxia.events.envelope import Event, splice
from hongxia.events.heads import Place
from hongxia.events.relay import UNNUMBERED, lock_head
from hongxia.events.tables import outbox, outbox_head

PAGE = 500


class Gone(Exception):
    """The position asked for is no longer kept; `first` is the first one that is."""

    def __init__(self, first: int) -> None:
        super().__init__(f"the feed begins at position {first}")
        self.first = first


class UnknownEvent(Exception):
    """`lastEventId` names no event of this feed."""


class FeedAway(Exception):
    """The source's feed can't be reached now; wait and try again."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a log: its last position and chain, how many committed events wait for a number, and the first
    position that the feed keeps.
    """

    position: int
    chain: str
    unnumbered: int
    first: int


class Contradicted(Exception):
    """The source says that what the reader holds is not its history."""


class Feed(Protocol):
    """A source's log, as a consumer pulls it. Both methods raise FeedAway. With each pull the consumer states up to
    which place it holds the log.
    """

    def page(self, after: int, limit: int, chain: str | None = None) -> list[Event]:
        """Up to `limit` events that follow the place (after, chain). Raises Gone, Contradicted, and NotAnEvent for
        something else.
        """

    def head(self, holds: Place | None = None) -> Head:
        """The source's own head."""


def head(session: Session) -> Head:
    """The head of this service's own log."""
    query = select(outbox_head.c.position, outbox_head.c.chain, UNNUMBERED, outbox_head.c.first)
    return Head(*session.execute(query).one())


@dataclass(frozen=True, slots=True)
class View:
    """What a reader wants to see: events of one type, or of all; the others left out, or there as digests alone; and
    without some fields, which are there as digests. It verifies the chain over whatever is there as digests.
    """

    type: str | None = None
    others_as_digests: bool = False
    without: frozenset[str] = frozenset()

    def item(self, row: Any) -> bytes:
        """Return an event as the reader is to see it."""
        if self.type and row.type != self.type:
            return orjson.dumps(withheld_whole(row.position, row.digest, row.chain))
        whole = splice(row.body, row.position, row.typeposition, row.chain)
        return orjson.dumps(withhold(orjson.loads(whole), self.without)) if self.without else whole


WHOLE = View()


def page(session: Session, after: int, limit: int = PAGE, view: View = WHOLE) -> list[bytes]:
    """The events after a position, as they travel. Raises Gone if some are not kept any more.

    What is kept is looked at last: if events are dropped in between, the page may be whole, but never has a hole.
    """
    query = select(
        outbox.c.body, outbox.c.type, outbox.c.digest, outbox.c.position, outbox.c.typeposition, outbox.c.chain
    )
    query = query.where(outbox.c.position > after).order_by(outbox.c.position).limit(limit)
    if view.type and not view.others_as_digests:
        query = query.where(outbox.c.type == view.type)
    rows = session.execute(query).all()
    first = session.scalars(select(outbox_head.c.first)).one()
    if after + 1 < first:
        raise Gone(first)
    return [view.item(row) for row in rows]


def position_of(session: Session, event_id: str) -> int:
    """The position of an event, for `lastEventId`. Raises UnknownEvent, or Gone if it may be one that was dropped."""
    position: int | None = session.scalar(select(outbox.c.position).where(outbox.c.id == event_id))
    if position is None:
        first = session.scalars(select(outbox_head.c.first)).one()
        raise Gone(first) if first > 1 else UnknownEvent(event_id)
    return position


def forget(database: Database, context: Context, before: datetime) -> int:
    """Drop published events recorded before a moment; the feed answers Gone for them. Returns how many.

    Only a leading stretch of the log goes, never one with a hole. The chain goes on from the head as it was.
    """
    with database.begin(context) as session:
        published: int = lock_head(session).published
        last = session.scalar(
            select(func.max(outbox.c.position)).where(outbox.c.recorded < before, outbox.c.position <= published)
        )
        if last is None:
            return 0
        gone = session.scalar(select(func.count()).where(outbox.c.position <= last)) or 0
        session.execute(delete(outbox).where(outbox.c.position <= last))
        session.execute(update(outbox_head).values(first=last + 1))
    return gone


def wait_for_page(
    read: Callable[[], Sequence[bytes]], wait: Callable[[float], None], timeout: float, step: float = 0.1
) -> Sequence[bytes]:
    """Long polling: read until there is something or `timeout` seconds are over; `wait` is handed in."""
    waited = 0.0
    found = read()
    while not found and waited < timeout:
        wait(step)
        waited += step
        found = read()
    return found
