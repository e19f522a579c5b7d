"""Events that were never published: those of a transaction that is rolled back, shown to the next service.

A dry run of several workbooks shows each service what the files before would have brought. The events pass through the
services' own consumers, in a transaction that is rolled back as well: they get no position, move no cursor, are not
parked, and are stored nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from hongxia.database import is_infrastructure
from hongxia.events.canonical import canonical
from hongxia.events.chain import GENESIS
from hongxia.events.cursor import Handle
from hongxia.events.declare import source_urn
from hongxia.events.envelope import Event, NotAnEvent, parse, splice
from hongxia.events.outbox import appended, savepoint

AT_ONCE = 500


def collected(session: Session) -> list[dict[str, Any]]:
    """Return the events of the session's transaction as CloudEvents without a place in a log."""
    return [json.loads(body) for body in appended(session)]


def read(documents: Any) -> list[Event]:
    """Read what `collected` gave to somebody. Raises NotAnEvent."""
    if not isinstance(documents, list):
        raise NotAnEvent("no list")
    return [_event(number, document) for number, document in enumerate(documents, 1)]


def _event(number: int, document: Any) -> Event:
    try:
        body = canonical(document)
    except TypeError as error:
        raise NotAnEvent(str(error)) from None
    return parse(splice(body, number, number, GENESIS))


def apply(session: Session, handlers: Mapping[str, Handle], events: Sequence[Event], pause: Callable[[], None]) -> int:
    """Hand events to the handlers of their sources, by name; return how many a handler refused. Others are passed over,
    as are events of sources that have no handler. Raises an error of the infrastructure.
    """
    refused = 0
    for source, handle in sorted(handlers.items()):
        own = [event for event in events if event.source == source_urn(source)]
        for start in range(0, len(own), AT_ONCE):
            pause()
            refused += _apply_batch(session, handle, own[start : start + AT_ONCE])
    return refused


def _apply_batch(session: Session, handle: Handle, events: Sequence[Event]) -> int:
    """All at once; if that fails, each alone, so that only those at fault are left out."""
    if _succeeds(session, handle, events):
        return 0
    return sum(not _succeeds(session, handle, [event]) for event in events)


def _succeeds(session: Session, handle: Handle, events: Iterable[Event]) -> bool:
    try:
        with savepoint(session):
            handle(session, list(events))
    except Exception as error:
        if is_infrastructure(error):
            raise
        return False
    return True
