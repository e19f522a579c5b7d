"""A broker in memory: a queue for each (consumer, source), one active consumer, redelivery, and misbehaviour."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from random import Random

from hongxia.events.transport import BrokerAway, Message

from .faults import Faults
from .services import READS, SOURCES

NO_EVENTS = (
    b"",
    b"hello",
    b"[1, 2]",
    b"{}",
    b'{"id": 1}',
    b"\xff\xfe\x00",
    b'{"position": NaN}',
    b'"text"',
    b"[" * 5000,
)


class Broker:
    """Queues and what the broker has confirmed. `taken` holds, by source, the positions that it took charge of."""

    def __init__(self, rng: Random, faults: Faults) -> None:
        self.rng = rng
        self.faults = faults
        self.away = False
        self.queues: dict[tuple[str, str], deque[bytes]] = {
            (consumer, source): deque() for consumer, sources in READS.items() for source in sources
        }
        self.in_hand: dict[tuple[str, str], Delivery] = {}
        self.taken: dict[str, set[int]] = {source: set() for source in SOURCES}

    def route(self, message: Message) -> None:
        """Put a message into every queue bound to its source."""
        source = message.routing_key.partition(".")[0]
        for (_, bound), queue in self.queues.items():
            if bound == source:
                queue.append(message.body)

    def deliver(
        self, key: tuple[str, str], most: int, cursor: tuple[int, str], check: Callable[[Delivery], None]
    ) -> Delivery | None:
        """The next messages, unless another consumer of the queue is active or the broker away."""
        queue = self.queues[key]
        if self.away or not queue or key in self.in_hand:
            return None
        bodies = [queue.popleft() for _ in range(min(most, len(queue)))]
        self.in_hand[key] = Delivery(self, key, bodies, cursor, check)
        return self.in_hand[key]

    def take_back(self, delivery: Delivery) -> None:
        """The consumer's connection is gone: what it had in hand is delivered again, to whoever is active then."""
        if delivery.open:
            delivery.open = False
            del self.in_hand[delivery.key]
            kept = [body for index, body in enumerate(delivery.bodies) if index not in delivery.refused]
            self.queues[delivery.key].extendleft(reversed(kept))

    def forget_places(self, consumer: str, source: str) -> None:
        """The consumer begins anew: where it stood when it was given messages does not matter any more."""
        if delivery := self.in_hand.get((consumer, source)):
            delivery.cursor = None

    def go_away(self) -> None:
        """Stop; the queues are durable."""
        self.away = True
        for delivery in list(self.in_hand.values()):
            self.take_back(delivery)

    def wipe(self) -> None:
        """Lose the disk."""
        self.go_away()
        for queue in self.queues.values():
            queue.clear()
        self.away = False

    def play(self, mischief: str, queue: deque[bytes]) -> None:
        """Do something to the messages of a queue that is not empty."""
        index = self.rng.randrange(len(queue))
        if mischief == "message lost":
            del queue[index]
        elif mischief == "message doubled":
            queue.insert(self.rng.randrange(len(queue) + 1), queue[index])
        elif mischief == "messages reordered":
            self.rng.shuffle(queue)
        elif mischief == "no event at all":
            queue.insert(index, self.rng.choice(NO_EVENTS))
        else:
            queue[index] = self._changed(mischief, queue[index])

    def _changed(self, mischief: str, body: bytes) -> bytes:
        if mischief == "message corrupted" and body:
            at = self.rng.randrange(len(body))
            return body[:at] + bytes([body[at] ^ self.rng.randrange(1, 256)]) + body[at + 1 :]
        try:
            event = json.loads(body)
            if mischief == "forged event":
                event["data"] = {"amount": 1_000_000}
            return json.dumps(event, sort_keys=True).encode()
        except (ValueError, TypeError, RecursionError):
            return body


class Delivery:
    """The Deliveries of one consumer; as strict as kombu: nothing can be answered twice, or over a lost connection.

    `cursor` is where the consumer stood (position, chain) when the messages were handed to it, if that still matters.
    """

    def __init__(
        self,
        broker: Broker,
        key: tuple[str, str],
        bodies: Sequence[bytes],
        cursor: tuple[int, str],
        check: Callable[[Delivery], None],
    ) -> None:
        self.broker = broker
        self.key = key
        self.bodies = bodies
        self.cursor: tuple[int, str] | None = cursor
        self.refused: set[int] = set()
        self.open = True
        self._check = check

    def acknowledge(self) -> None:
        """See Deliveries."""
        self._must_be_open()
        if self.broker.faults.strikes("acknowledgement lost"):
            self.broker.take_back(self)
            return
        self._check(self)
        self.open = False
        del self.broker.in_hand[self.key]

    def dead_letter(self, index: int) -> None:
        """See Deliveries."""
        self._must_be_open()
        if index in self.refused:
            raise RuntimeError("a message was refused twice")
        self.refused.add(index)

    def _must_be_open(self) -> None:
        if not self.open:
            raise BrokerAway("connection lost")
