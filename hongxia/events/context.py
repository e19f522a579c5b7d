"""What every event of one unit of work has in common; handed to the session, so that rules need not carry it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_bytes
from typing import TYPE_CHECKING, cast

from hongxia import ids
from hongxia.database import CONTEXT

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hongxia.events.envelope import Event


@dataclass(frozen=True, slots=True)
class Context:
    """Who writes (`source`, a URN), when (`now`, UTC), and on whose behalf: correlation and cause, and the `actor`,
    the subject of the token behind a request ("" for the service's own work). `random` gives so many random bytes; it
    is handed in, so that two runs of a test can be compared to the byte.
    """

    source: str
    now: datetime
    correlationid: str
    causationid: str | None = None
    actor: str = ""
    random: Callable[[int], bytes] = field(default=token_bytes, compare=False, repr=False)

    def caused_by(self, event: Event) -> Context:
        """The context of what is done because of an event: its correlation goes on, it is the cause."""
        return replace(self, correlationid=event.correlationid, causationid=event.id)

    @property
    def trace_id(self) -> str:
        """The W3C trace id, derived from the correlation id, so that one id finds logs and traces alike."""
        return ids.entity_id("trace", self.correlationid).replace("-", "")


def context_of(session: Session) -> Context:
    """The context of a session; a session of `Database.begin` always has one."""
    return cast(Context, session.info[CONTEXT])
