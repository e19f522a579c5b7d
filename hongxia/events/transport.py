"""What the steps need of a broker: to publish a batch, and to know of each delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way out."""

    routing_key: str
    body: bytes


class BrokerAway(Exception):
    """The broker can't be reached, or did not confirm in time; wait and try again."""


class Transport(Protocol):
    """Where a relay publishes to."""

    def publish(self, messages: Sequence[Message]) -> int:
        """Send in order; returns how many of them, from the first on without a hole, are confirmed.

        Raises BrokerAway if nothing is known about any of them.
        """


class Delivery(Protocol):
    """One message that a consumer was given and has not answered yet."""

    body: bytes

    def ack_up_to(self) -> None:
        """Acknowledge this message and all before it."""

    def dead_letter(self) -> None:
        """Refuse this message for good: the broker moves it to the dead-letter queue."""
