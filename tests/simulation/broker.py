"""A broker in memory: a queue for each (consumer, source), one active consumer, redelivery, and misbehaviour."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random

from hongxia.events import heads
from hongxia.events.chain import link
from hongxia.events.digest import digest_of, withhold
from hongxia.events.envelope import NotAnEvent, parse
from hongxia.events.transport import BrokerAway, Message
from hongxia.keys import SigningKey

from .faults import Faults
from .services import READS, SOURCES

Letter = tuple[bytes, str | None]
"""A message: its body, and the signed head that came with it."""

BEGIN = datetime(2022, 1, 1, tzinfo=UTC)

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
        self.queues: dict[tuple[str, str], deque[Letter]] = {
            (consumer, source): deque() for consumer, sources in READS.items() for source in sources
        }
        self.in_hand: dict[tuple[str, str], Delivery] = {}
        self.taken: dict[str, set[int]] = {source: set() for source in SOURCES}

    def route(self, message: Message) -> None:
        """Put a message into every queue bound to its source."""
        source = message.routing_key.partition(".")[0]
        for (_, bound), queue in self.queues.items():
            if bound == source:
                queue.append((message.body, message.head))

    def deliver(
        self, key: tuple[str, str], most: int, cursor: tuple[int, str], check: Callable[[Delivery], None]
    ) -> Delivery | None:
        """The next messages, unless another consumer of the queue is active or the broker away."""
        queue = self.queues[key]
        if self.away or not queue or key in self.in_hand:
            return None
        letters = [queue.popleft() for _ in range(min(most, len(queue)))]
        self.in_hand[key] = Delivery(self, key, letters, cursor, check)
        return self.in_hand[key]

    def take_back(self, delivery: Delivery) -> None:
        """The consumer's connection is gone: what it had in hand is delivered again, to whoever is active then."""
        if delivery.open:
            delivery.open = False
            del self.in_hand[delivery.key]
            kept = [letter for index, letter in enumerate(delivery.letters) if index not in delivery.refused]
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

    def play(self, mischief: str, queue: deque[Letter]) -> None:
        """Do something to the messages of a queue that is not empty."""
        index = self.rng.randrange(len(queue))
        if mischief == "message lost":
            del queue[index]
        elif mischief == "message doubled":
            queue.insert(self.rng.randrange(len(queue) + 1), queue[index])
        elif mischief == "messages reordered":
            self.rng.shuffle(queue)
        elif mischief == "no event at all":
            queue.insert(index, (self.rng.choice(NO_EVENTS), None))
        elif mischief == "head lost":
            queue[index] = (queue[index][0], None)
        elif mischief == "forged history":
            self._forge(queue, index)
        else:
            body, head = queue[index]
            queue[index] = (self._changed(mischief, body), head)

    def _forge(self, queue: deque[Letter], index: int) -> None:
        """Put an event behind another that fits onto its chain, as anybody may who has read it; but nobody else has the
        source's key.
        """
        body, head = queue[index]
        try:
            event = parse(body)
        except NotAnEvent:
            return
        forged = {**event.attributes, "id": f"forged {event.id}", "data": {"amount": 1_000_000}, "entityversion": 999}
        position = event.position + 1
        try:
            chain = link(event.chain, position, digest_of(forged))
        except (TypeError, ValueError, KeyError, AttributeError):
            return
        forged = {**forged, "position": position, "chain": chain}
        source = event.type.split(".")[1] if event.type.count(".") > 1 else ""
        own = heads.sign(SigningKey.from_seed(source, b"no key of a source's............"), position, chain, BEGIN)
        queue.insert(index + 1, (json.dumps(forged).encode(), self.rng.choice((None, head, own.dumped()))))

    def _changed(self, mischief: str, body: bytes) -> bytes:
        if mischief == "message corrupted" and body:
            at = self.rng.randrange(len(body))
            return body[:at] + bytes([body[at] ^ self.rng.randrange(1, 256)]) + body[at + 1 :]
        try:
            event = json.loads(body)
            if mischief == "forged event":
                event["data"] = {"amount": 1_000_000}
            elif mischief == "field withheld":
                event = withhold(event, {"amount"})
            elif mischief == "foreign event":
                event["source"] = "urn:hongxia:test:elsewhere"
            return json.dumps(event, sort_keys=True).encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return body


class Delivery:
    """The Deliveries of one consumer; as strict as kombu: nothing can be answered twice, or over a lost connection.

    `cursor` is where the consumer stood (position, chain) when the messages were handed to it, if that still matters.
    """

    def __init__(
        self,
        broker: Broker,
        key: tuple[str, str],
        letters: Sequence[Letter],
        cursor: tuple[int, str],
        check: Callable[[Delivery], None],
    ) -> None:
        self.broker = broker
        self.key = key
        self.letters = letters
        self.bodies = [body for body, _ in letters]
        self.heads = [head for _, head in letters]
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
