"""The outbox: an event is written in the transaction of the change that it tells, without a position yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.dates import stamp
from hongxia.events.context import context_of
from hongxia.events.declare import EventType
from hongxia.events.envelope import canonical
from hongxia.events.tables import outbox

CHANNEL = "hongxia_outbox"
"""The PostgreSQL channel on which a commit wakes the relay."""

_BUFFER = "hongxia.outbox"


def append(
    session: Session,
    event_type: EventType,
    *,
    subject: str,
    entityversion: int,
    occurredon: date,
    data: Mapping[str, Any],
) -> str:
    """Raise an event: it is committed with the session's other changes, or with none of them.

    `subject` is the entity's id and `entityversion` its version after the change (from 1); `occurredon` the date
    (Asia/Shanghai) that the event counts for. Returns the event's id, which is derived from source, type, subject
    and version: raising the same event twice is refused by the database. Raises InvalidEvent.
    """
    context = context_of(session)
    event_id = ids.entity_id("event", context.source, event_type.type, subject, entityversion)
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": context.source,
        "type": event_type.type,
        "subject": subject,
        "time": stamp(context.now),
        "datacontenttype": "application/json",
        "dataschema": event_type.dataschema,
        "data": event_type.checked(data),
        "entityversion": entityversion,
        "occurredon": occurredon.isoformat(),
        "correlationid": context.correlationid,
        "traceparent": f"00-{context.trace_id}-{event_id.replace('-', '')[:16]}-01",
    }
    if context.causationid:
        envelope["causationid"] = context.causationid
    buffer(session).append(
        {"id": event_id, "type": event_type.type, "recorded": context.now, "body": canonical(envelope)}
    )
    return event_id


def buffer(session: Session) -> list[dict[str, Any]]:
    """The events of the session that are not written yet; who rolls back to a savepoint cuts it back."""
    events: list[dict[str, Any]] = session.info.setdefault(_BUFFER, [])
    return events


def flush(session: Session) -> list[str]:
    """Write what was appended, in order, and have the commit wake the relay; returns the types."""
    events = buffer(session)
    if not events:
        return []
    session.execute(insert(outbox), events)
    types = [event["type"] for event in events]
    events.clear()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(CHANNEL, "")))
    return types
