"""The outbox: an event is written in the transaction of the change that it tells, without a position yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.database import before_commit
from hongxia.dates import stamp
from hongxia.events.canonical import canonical
from hongxia.events.context import context_of
from hongxia.events.declare import EventType
from hongxia.events.digest import SALT, SALT_BYTES, digest_of
from hongxia.events.tables import outbox

CHANNEL = "hongxia_outbox"
"""The PostgreSQL channel on which a commit wakes the relay."""

_APPENDED = "hongxia.outbox.appended"
_WRITTEN = "hongxia.outbox.written"


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
        SALT: context.random(SALT_BYTES).hex(),
        "traceparent": f"00-{context.trace_id}-{event_id.replace('-', '')[:16]}-01",
    }
    if context.causationid:
        envelope["causationid"] = context.causationid
    row = {"id": event_id, "type": event_type.type, "recorded": context.now}
    _appended(session).append({**row, "body": canonical(envelope), "digest": digest_of(envelope)})
    return event_id


def flush(session: Session) -> list[str]:
    """Write what was appended and is not written yet, in order, and have the commit wake the relay. The unit of work
    calls it before its commit.

    Returns the types of all events of the transaction.
    """
    events = _appended(session)
    new = events[session.info.get(_WRITTEN, 0) :]
    if new:
        session.execute(insert(outbox), new)
        session.info[_WRITTEN] = len(events)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(select(func.pg_notify(CHANNEL, "")))
    return [event["type"] for event in events]


def on_append(notify: Callable[[Sequence[str]], None]) -> Callable[[Session], None]:
    """Return the `on_commit` of a Database that hands the types of the committed events to `notify`; a transaction
    without events does not call it.
    """

    def committed(session: Session) -> None:
        types = [event["type"] for event in _appended(session)]
        if types:
            notify(types)

    return committed


def appended(session: Session) -> list[bytes]:
    """Return the events of the session's transaction so far, in order, as they will be committed."""
    return [event["body"] for event in _appended(session)]


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """A savepoint for changes and their events alike: if it fails, neither is left, and the transaction goes on."""
    events = _appended(session)
    before, written = len(events), session.info.get(_WRITTEN, 0)
    try:
        with session.begin_nested():
            yield
            session.flush()
            flush(session)
    except BaseException:
        del events[before:]
        session.info[_WRITTEN] = written
        raise


def _appended(session: Session) -> list[dict[str, Any]]:
    """Return the events of the session's transaction; from the first time on, its commit writes them."""
    before_commit(session, flush)
    events: list[dict[str, Any]] = session.info.setdefault(_APPENDED, [])
    return events
