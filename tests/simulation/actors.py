"""Who acts: the processes of the services, and how they die."""

from __future__ import annotations

from dataclasses import dataclass, field

from .broker import Delivery
from .services import READS, SOURCES


class Crash(BaseException):
    """The process dies here; nothing catches it but who starts it anew."""


@dataclass(slots=True)
class Actor:
    """A relay, or a replica that reads a source, with the messages that it has in hand."""

    kind: str
    service: str
    number: int
    source: str = ""
    busy: bool = False
    held: Delivery | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.service, self.kind, str(self.number), self.source)))

    def is_twin_of(self, other: Actor) -> bool:
        """Whether both do the same work, so that they must not get into each other's way."""
        return (self.kind, self.service, self.source) == (other.kind, other.service, other.source)


def everyone() -> list[Actor]:
    """Two relays a source, two replicas for each source that a consumer reads; in the order in which events flow."""
    actors = []
    for service in (*SOURCES, "ledger"):
        actors += [Actor("replica", service, n, source) for source in READS.get(service, ()) for n in (1, 2)]
        actors += [Actor("relay", service, n) for n in (1, 2) if service in SOURCES]
    return actors
