"""A year held against the log that it was made from: the chain of every source, and the facts derived anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, literal, select, union_all
from sqlalchemy.orm import Session

from hongxia.events.chain import GENESIS
from hongxia.events.envelope import Event, Malformed, NotAnEvent, parse
from hongxia.events.parked import UnknownType
from hongxia.events.tables import parked
from services.reporting.facts.generations import live
from services.reporting.facts.model import Log
from services.reporting.facts.reading import key_of, rows_of
from services.reporting.proof import digest
from services.reporting.proof.completeness import Reading, readings
from services.reporting.proof.digest import Digest

CHUNK = 2000

Pause = Callable[[], None]


@dataclass(frozen=True)
class SourceChecked:
    """The stored log of one source beside its cursor. `fault` says where it breaks, in Chinese; None if it is sound."""

    source: str
    position: int
    chain: str
    recomputed: str
    events: int
    fault: str | None


@dataclass(frozen=True)
class Verified:
    """What a verification found."""

    year: int
    digest: str
    derived: str
    facts: int
    sources: list[SourceChecked]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return self.digest == self.derived and not any(source.fault for source in self.sources)


def verify(session: Session, year: int, sources: list[str], pause: Pause) -> Verified:
    """Hold a year against the log, in the session's snapshot. Changes nothing."""
    facts = Derived(year)
    checked = [_check(session, reading, facts, pause) for reading in readings(session, sources)]
    shown = digest.of_year(session, live(session), year, pause)
    return Verified(year, shown.digest, facts.digest().digest, shown.facts, checked)


class Derived:
    """The facts of a year as the log tells them: the newest of each entity."""

    def __init__(self, year: int) -> None:
        self._year = year
        self._newest: dict[tuple[str, str, int], tuple[int, int, bytes | None]] = {}

    def add(self, row: dict[str, Any]) -> None:
        """Add a fact of one event; a fact of another year hides an older one of this year."""
        key = key_of(row)
        known = self._newest.get(key)
        if known is None or known[:2] < (row["version"], row["position"]):
            line = digest.line({**row, "on": row["on"].isoformat()}) if self._counts(row) else None
            self._newest[key] = (row["version"], row["position"], line)

    def _counts(self, row: dict[str, Any]) -> bool:
        return row["year"] == self._year or (row["year"] is None and row["on"].year <= self._year)

    def digest(self) -> Digest:
        """The digest over them."""
        return digest.of_lines(line for _, (*_, line) in sorted(self._newest.items()) if line is not None)


def _check(session: Session, reading: Reading, facts: Derived, pause: Pause) -> SourceChecked:
    position, chain, fault = 0, GENESIS, None
    for row in _stored(session, reading.source, pause):
        try:
            event = parse(row.body)
        except NotAnEvent:
            fault = fault or f"位置 {row.position} 的内容不是事件"
            continue
        fault = fault or _break(event, position, chain)
        if row.applied:
            fault = fault or _derive(reading.source, event, facts)
        position, chain = event.position, event.chain
    if not fault and (position, chain) != (reading.position, reading.chain):
        fault = f"日志到位置 {position}，游标在位置 {reading.position}"
    return SourceChecked(reading.source, reading.position, reading.chain, chain, position, fault)


def _break(event: Event, position: int, chain: str) -> str | None:
    if event.position != position + 1:
        return f"位置 {position + 1} 的事件不在日志中"
    return None if event.follows(chain) else f"位置 {event.position} 的事件与链值不符"


def _derive(source: str, event: Event, facts: Derived) -> str | None:
    try:
        rows = rows_of(source, event)
    except (UnknownType, Malformed):
        return f"位置 {event.position} 的事件按现行规则无法取用"
    for row in rows:
        facts.add(row)
    return None


def _stored(session: Session, source: str, pause: Pause) -> Iterator[Row[int, bytes, bool]]:
    """Every event of a source that this service holds, in order, and whether it was applied (or is parked)."""
    logged = select(Log.position, Log.body, literal(True).label("applied")).where(Log.source == source)
    waiting = select(parked.c.position, parked.c.body, literal(False)).where(parked.c.source == source)
    query = union_all(logged, waiting).order_by("position")
    for rows in session.execute(query, execution_options={"yield_per": CHUNK}).partitions():
        yield from rows
        pause()
