"""All facts again from the log, beside live traffic: a shadow generation is filled, compared, and put in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select, tuple_, update
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events.context import Context
from hongxia.events.envelope import Malformed, NotAnEvent, parse
from hongxia.events.parked import UnknownType
from hongxia.rules import Conflicting, Violation
from services.reporting.facts.generations import snapshot
from services.reporting.facts.model import Fact, Generation, Log
from services.reporting.facts.reading import newest, rows_of
from services.reporting.facts.recording import put
from services.reporting.proof import digest

CHUNK = 2000

Pause = Callable[[], None]


@dataclass(frozen=True)
class Compared:
    """A year's digest before and after."""

    year: int
    before: str
    after: str


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did: how many events it read, and each year's digests."""

    events: int
    years: Sequence[Compared]


def years(session: Session) -> list[int]:
    """The years that have facts."""
    return sorted(session.scalars(select(Fact.year).where(Fact.year.is_not(None)).distinct()))


def rebuild(database: Database, context: Context, pause: Pause) -> Rebuilt:
    """Derive every fact anew and show the new ones. Raises Conflicting if another rebuild began meanwhile, or if the
    log holds an event that the rules do not take any more; then the facts stay as they were.
    """
    shadow = _begin(database, context)
    try:
        events = _fill(database, context, shadow, pause)
        compared = _compare(database, shadow, pause)
        _show(database, context, shadow)
    except Exception:
        _give_up(database, context, shadow)
        raise
    return Rebuilt(events, compared)


def give_up_unfinished(database: Database, context: Context) -> None:
    """End the rebuild of a process that died in it, lest every batch be written twice for ever. Called when a process
    starts; a rebuild that another one is at is superseded by it, and the facts that are shown stay.
    """
    with database.begin(context) as session:
        row = session.execute(select(Generation.live, Generation.shadow).with_for_update()).one()
        if row.shadow is not None:
            session.execute(update(Generation).values(shadow=None))
            session.execute(delete(Fact).where(Fact.generation != row.live))


def _begin(database: Database, context: Context) -> int:
    """From here on every new fact goes into the shadow too."""
    with database.begin(context) as session:
        row = session.execute(select(Generation.live, Generation.last).with_for_update()).one()
        shadow: int = row.last + 1
        session.execute(update(Generation).values(shadow=shadow, last=shadow))
        session.execute(delete(Fact).where(Fact.generation != row.live))
    return shadow


def _fill(database: Database, context: Context, shadow: int, pause: Pause) -> int:
    count = 0
    for chunk in _chunks(database):
        rows = newest(fact for row in chunk for fact in _derived(row))
        with database.begin(context) as session:
            _require_shadow(session, shadow, write=False)
            put(session, shadow, rows)
        count += len(chunk)
        pause()
    return count


def _chunks(database: Database) -> Iterator[Sequence[Row[str, int, bytes]]]:
    after = ("", 0)
    while True:
        query = select(Log.source, Log.position, Log.body).where(tuple_(Log.source, Log.position) > after)
        with database.read() as session:
            chunk = session.execute(query.order_by(Log.source, Log.position).limit(CHUNK)).all()
        if not chunk:
            return
        yield chunk
        after = (chunk[-1].source, chunk[-1].position)


def _derived(row: Row[str, int, bytes]) -> list[dict[str, Any]]:
    try:
        return rows_of(row.source, parse(row.body))
    except (UnknownType, Malformed, NotAnEvent) as error:
        detail = f"日志中 {row.source} 位置 {row.position} 的事件按现行规则无法取用：{error}"
        raise Conflicting(Violation("", "event-not-derivable", detail)) from None


def _require_shadow(session: Session, shadow: int, *, write: bool) -> int:
    """Return the live generation, locked. Raises Conflicting if the shadow is not this rebuild's any more."""
    row = session.execute(select(Generation.live, Generation.shadow).with_for_update(read=not write)).one()
    if row.shadow != shadow:
        raise Conflicting(Violation("", "rebuild-superseded", "另一次重建已经开始，或来源正在重读；请稍后再试"))
    return int(row.live)


def _compare(database: Database, shadow: int, pause: Pause) -> list[Compared]:
    """Both generations take in what is new, so that at any one moment they ought to be the same."""
    with database.read() as session:
        snapshot(session)
        live = session.scalars(select(Generation.live)).one()
        return [
            Compared(year, *(digest.of_year(session, number, year, pause).digest for number in (live, shadow)))
            for year in years(session)
        ]


def _show(database: Database, context: Context, shadow: int) -> None:
    with database.begin(context) as session:
        live = _require_shadow(session, shadow, write=True)
        session.execute(update(Generation).values(live=shadow, shadow=None))
        session.execute(delete(Fact).where(Fact.generation == live))


def _give_up(database: Database, context: Context, shadow: int) -> None:
    with database.begin(context) as session:
        session.execute(update(Generation).where(Generation.shadow == shadow).values(shadow=None))
        session.execute(delete(Fact).where(Fact.generation == shadow))
