"""What the steps need of a broker: to publish a batch, and to know of each delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way out. `head` is the source's signed head at this event (hongxia.events.heads), as JSON; of a
    batch the last message has one. `position` is the event's place in the source's log.
    """

    routing_key: str
    body: bytes
    head: str | None = None
    position: int = 0


class BrokerAway(Exception):
    """The broker can't be reached, or did not confirm in time; wait and try again."""


class Transport(Protocol):
    """Where a relay publishes to."""

    def publish(self, messages: Sequence[Message]) -> int:
        """Send in order; returns how many of them, from the first on without a hole, are settled: confirmed, or refused
        for good and named by the transport, since nobody would take them the next time either.

        Raises BrokerAway if none is.
        """


class Deliveries(Protocol):
    """Messages that a consumer was given, in order, and has not answered yet: their bodies, and of each the signed head
    that came with it, as JSON, or None.
    """

    bodies: Sequence[bytes]
    heads: Sequence[str | None]

    def acknowledge(self) -> None:
        """Acknowledge them all, at once, but for those that were refused."""

    def dead_letter(self, index: int) -> None:
        """Refuse one for good: the broker moves it to the dead-letter queue."""
