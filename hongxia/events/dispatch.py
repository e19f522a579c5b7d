"""From a batch of events to the functions that handle each type."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from hongxia.database import CONTEXT
from hongxia.events.context import context_of
from hongxia.events.envelope import Event
from hongxia.events.parked import UnknownType

Handler = Callable[[Session, Event], None]


def dispatch(
    session: Session, events: Sequence[Event], handlers: Mapping[str, Handler], ignored: Collection[str]
) -> None:
    """Hand each event to the handler of its type, in order, with a context that it caused.

    Keys and `ignored` are full CloudEvents types. Raises UnknownType for one that is neither: a type or a version
    that this consumer has not been taught is parked, not skipped.
    """
    context = context_of(session)
    try:
        for event in events:
            if event.type in handlers:
                session.info[CONTEXT] = context.caused_by(event)
                handlers[event.type](session, event)
            elif event.type not in ignored:
                raise UnknownType(event.type)
    finally:
        session.info[CONTEXT] = context
