"""What there is to measure in the platform's tables, read when somebody asks for the metrics."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongxia.events import parked, relay
from hongxia.events.tables import cursor, outbox, outbox_head
from hongxia.metrics import Metrics


def observe(session: Session, metrics: Metrics, now: datetime) -> None:
    """Set the gauges of outbox, cursors and parked events."""
    backlog = relay.backlog(session)
    metrics.backlog.set(backlog.unnumbered + backlog.unpublished)
    published = select(outbox_head.c.published).scalar_subquery()
    waiting = (outbox.c.position.is_(None)) | (outbox.c.position > published)
    oldest = session.scalar(select(func.min(outbox.c.recorded)).where(waiting))
    metrics.oldest.set((now - oldest).total_seconds() if oldest else 0)
    parked_by_source = parked.counts(session)
    for row in session.execute(select(cursor)):
        lag = max(0, row.head_position - row.position)
        metrics.cursor.labels(row.source).set(row.position)
        metrics.head.labels(row.source).set(row.head_position)
        metrics.lag.labels(row.source).set(lag)
        metrics.lag_seconds.labels(row.source).set(_behind(metrics, row.source, lag, now))
        metrics.diverged.labels(row.source).set(row.diverged is not None)
        metrics.parked.labels(row.source).set(parked_by_source.get(row.source, 0))


def _behind(metrics: Metrics, source: str, lag: int, now: datetime) -> float:
    """Seconds since the cursor was first seen behind its source's head."""
    if not lag:
        metrics.behind_since.pop(source, None)
        return 0.0
    return (now - metrics.behind_since.setdefault(source, now)).total_seconds()
