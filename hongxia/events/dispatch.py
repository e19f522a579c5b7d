"""From a batch of events to the functions that handle each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from hongxia.database import CONTEXT
from hongxia.events.context import context_of
from hongxia.events.envelope import Event
from hongxia.events.parked import UnknownType

Handler = Callable[[Session, Event], None]


def dispatch(session: Session, events: Sequence[Event], handlers: Mapping[str, Handler | None]) -> None:
    """Hand each event to the handler of its type, in order, with a context that it caused.

    Keys are full CloudEvents types; None reads a type and does nothing. See `concerns` for types that are not listed.
    Raises UnknownType.
    """
    context = context_of(session)
    try:
        for event in events:
            handler = handlers[event.type] if concerns(handlers, event.type) else None
            if handler is not None:
                session.info[CONTEXT] = context.caused_by(event)
                handler(session, event)
    finally:
        session.info[CONTEXT] = context


def concerns(listed: Mapping[str, Any], event_type: str) -> bool:
    """Return whether a type is listed. Raises UnknownType for a type, or a version, of an entity of which other types
    are listed: whoever follows an entity has to know all that happens to it, so such an event is parked. Events of
    other entities are none of the consumer's business.
    """
    if event_type in listed:
        return True
    if entity_of(event_type) in {entity_of(known) for known in listed}:
        raise UnknownType(event_type)
    return False


def entity_of(event_type: str) -> str:
    """Return the part of a type that names the entity: "hongxia.outreach.aid" of "hongxia.outreach.aid.paid.v1"."""
    return ".".join(event_type.split(".")[:3])
