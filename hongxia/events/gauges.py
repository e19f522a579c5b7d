"""What there is to measure in the platform's tables, read when somebody asks for the metrics."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from hongxia.events import parked, relay
from hongxia.events.tables import cursor, outbox, outbox_head
from hongxia.metrics import UNKNOWN, Metrics

FRESH_SECONDS = 60.0
"""How old the last look at a source's head may be for a consumer to count as level with it."""


def observe(session: Session, metrics: Metrics, now: datetime, sources: Iterable[str] = ()) -> None:
    """Set the gauges of outbox, cursors and parked events; `sources` are those that the service reads, whether or not
    it has read anything of them yet.
    """
    backlog = relay.backlog(session)
    metrics.backlog.set(backlog.unnumbered + backlog.unpublished)
    published = select(outbox_head.c.published).scalar_subquery()
    unnumbered = outbox.c.position.is_(None)
    metrics.oldest.set(_oldest(session, unnumbered | (outbox.c.position > published), now))
    metrics.unnumbered.set(_oldest(session, unnumbered, now))
    parked_by_source = parked.counts(session)
    rows = {row.source: row for row in session.execute(select(cursor))}
    for source in sorted({*rows, *sources}):
        metrics.parked.labels(source).set(parked_by_source.get(source, 0))
        _observe_cursor(metrics, source, rows.get(source), now)


def _oldest(session: Session, which: ColumnElement[bool], now: datetime) -> float:
    """The age in seconds of the oldest of these events; 0 if there is none."""
    oldest = session.scalar(select(func.min(outbox.c.recorded)).where(which))
    return (now - oldest).total_seconds() if oldest else 0.0


def _observe_cursor(metrics: Metrics, source: str, row: Any, now: datetime) -> None:
    """A head that was not seen lately proves that the cursor is behind, where it is, but not that it is level."""
    seen: datetime | None = row.head_seen if row else None
    age = (now - (seen or metrics.watched_since.setdefault(source, now))).total_seconds()
    metrics.head_age.labels(source).set(age)
    metrics.diverged.labels(source).set(row is not None and row.diverged is not None)
    metrics.cursor.labels(source).set(row.position if row else 0)
    metrics.head.labels(source).set(row.head_position if seen else UNKNOWN)
    lag = max(0, row.head_position - row.position) if row else 0
    known = lag > 0 or (seen is not None and age <= FRESH_SECONDS)
    metrics.lag.labels(source).set(lag if known else UNKNOWN)
    behind = _behind(metrics, source, lag, now)
    metrics.lag_seconds.labels(source).set(behind if known else UNKNOWN)


def _behind(metrics: Metrics, source: str, lag: int, now: datetime) -> float:
    """Seconds since the cursor was first seen behind its source's head."""
    if not lag:
        metrics.behind_since.pop(source, None)
        return 0.0
    return (now - metrics.behind_since.setdefault(source, now)).total_seconds()
