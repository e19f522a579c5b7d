"""Parked events: those that could not be applied, kept with their reason, counted, and replayed by command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, delete, func, insert, select, update
from sqlalchemy.orm import Session

from hongxia.database import Database, is_infrastructure
from hongxia.events.context import Context
from hongxia.events.envelope import Event, Malformed, parse
from hongxia.events.points import Point, no_point
from hongxia.events.tables import parked
from hongxia.paging import Page, paginate_rows


class UnknownType(Exception):
    """An event of a type, or of a version, that this consumer does not know."""


class Unappliable(Exception):
    """A consumer's rule says that the event can't be applied now; `code` names why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did."""

    applied: int
    still_parked: int


def park(session: Session, source: str, event: Event, error: Exception | None, attempts: int, now: datetime) -> None:
    """Keep an event that failed, in the transaction that moves the cursor past it: whole in `body`, and for show."""
    columns = parked.c
    session.execute(
        insert(parked).values(
            source=source,
            position=event.position,
            type=_fitting(event.type, columns.type),
            subject=_fitting(event.subject, columns.subject),
            occurredon=_fitting(str(event.attributes.get("occurredon", "")), columns.occurredon),
            body=event.body,
            reason=reason_of(error),
            detail=_fitting(detail_of(error), columns.detail),
            parked_at=now,
            attempts=attempts,
        )
    )


def _fitting(text: str, column: Column[str]) -> str:
    """A text as the column can keep it, whatever the sender put into it: PostgreSQL takes no NUL, and no more."""
    length: int | None = getattr(column.type, "length", None)
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")[:length]


def reason_of(error: Exception | None) -> str:
    """A short code for why: unknown-type, malformed, the rule's own code, or failed."""
    if isinstance(error, UnknownType):
        return "unknown-type"
    if isinstance(error, Malformed):
        return "malformed"
    return error.code if isinstance(error, Unappliable) else "failed"


def detail_of(error: Exception | None) -> str:
    """Return what may be shown: our own words in full, of any other error its class alone (its text may hold data)."""
    ours = isinstance(error, UnknownType | Malformed | Unappliable)
    return f"{type(error).__name__}: {error}" if ours else type(error).__name__


def page(session: Session, asked: Mapping[str, Any]) -> Page:
    """A page (see hongxia.paging) of the parked events without their bodies, by source and position."""
    shown = select(*(column for column in parked.c if column is not parked.c.body))
    return paginate_rows(session, shown, [parked.c.source, parked.c.position], asked)


def counts(session: Session) -> dict[str, int]:
    """How many events of each source are parked."""
    query = select(parked.c.source, func.count().label("parked")).group_by(parked.c.source)
    return {row.source: row.parked for row in session.execute(query)}


def drop(session: Session, source: str) -> None:
    """Forget a source's parked events, because its history is read anew."""
    session.execute(delete(parked).where(parked.c.source == source))


def replay(
    database: Database,
    context: Context,
    handle_for: Callable[[str], Callable[[Session, Sequence[Event]], None]],
    point: Point = no_point,
) -> Replayed:
    """Try every parked event again, each in its own transaction, in the order of their positions.

    `handle_for` gives the handler of a source. Handlers know an entity's version, so that a replayed event never
    overwrites something newer.
    """
    with database.read() as session:
        by = (parked.c.source, parked.c.position)
        keys = session.execute(select(*by).order_by(*by)).tuples().all()
    outcomes = []
    for source, position in keys:
        point("replay:before-event")
        outcomes.append(_replay_one(database, context, handle_for(source), source, position))
    return Replayed(outcomes.count(True), outcomes.count(False))


def _replay_one(
    database: Database,
    context: Context,
    handle: Callable[[Session, Sequence[Event]], None],
    source: str,
    position: int,
) -> bool | None:
    """Whether the event could be applied; None if it is not parked any more, because another replay was quicker."""
    which = (parked.c.source == source) & (parked.c.position == position)
    try:
        with database.begin(context) as session:
            row = session.execute(select(parked).where(which).with_for_update()).one_or_none()
            if row is None:
                return None
            handle(session, [parse(row.body)])
            session.execute(delete(parked).where(which))
        return True
    except Exception as error:
        if is_infrastructure(error):
            raise
        with database.begin(context) as session:
            again = {
                "reason": reason_of(error),
                "detail": detail_of(error),
                "attempts": parked.c.attempts + 1,
            }
            session.execute(update(parked).where(which).values(**again))
        return False
