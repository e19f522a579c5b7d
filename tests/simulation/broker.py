"""A broker in memory: a queue for each (consumer, source), one active consumer, redelivery, and misbehaviour; it may
be gone, silent (stopped, while its sockets live), or in an alarm (then it reads nothing that is published).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from hongxia.events import heads
from hongxia.events.chain import link
from hongxia.events.digest import digest_of, withhold
from hongxia.events.envelope import NotAnEvent, parse
from hongxia.events.transport import BrokerAway, Message
from hongxia.keys import SigningKey

from .faults import Faults
from .services import READS, SOURCES

if TYPE_CHECKING:
    from .wire import Line

ALARM_ENDS = 0.005
"""The chance that an alarm ends in a second that a publisher waits."""

LONGEST_ALARM = 60
"""How many seconds a publisher that waits for the end of an alarm waits in any case at most."""

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

    def __init__(self, rng: Random, faults: Faults, meanwhile: Callable[[], None]) -> None:
        self.rng = rng
        self.faults = faults
        self.away = self.silent = self.alarm = False
        self.clock = 0.0
        self.lines: list[Line] = []
        self.refused_ids: set[str] = set()
        self._meanwhile = meanwhile
        self._waited_in_alarm = 0
        self.queues: dict[tuple[str, str], deque[Letter]] = {
            (consumer, source): deque() for consumer, sources in READS.items() for source in sources
        }
        self.in_hand: dict[tuple[str, str], Delivery] = {}
        self.taken: dict[str, set[int]] = {source: set() for source in SOURCES}
        self.named: dict[str, set[int]] = {source: set() for source in SOURCES}

    def refuses(self, body: bytes) -> bool:
        """Whether the broker never takes this message, for instance since it is too large."""
        return bool(self.refused_ids) and json.loads(body)["id"] in self.refused_ids

    def read(self, line: Line) -> None:
        """Take what was written to a line, and answer, as far as the broker reads at all."""
        if self.away:
            line.reset()
        if self.silent or self.alarm:
            return
        answers: list[tuple[int, bool]] = []
        unread, line.unread = line.unread, []
        for tag, message in unread:
            if self.refuses(message.body):
                if self.rng.random() < 0.5:
                    answers.clear()  # what it would have confirmed goes down with the channel
                self._answer(line, answers)
                line.refused()
                return
            answer = self._take(line, message)
            if self.away:
                return
            if answer is not None:
                answers.append((tag, answer))
        self._answer(line, answers)

    def _take(self, line: Line, message: Message) -> bool | None:
        """What the broker will answer to a message: taken, not taken for now, or nothing."""
        strikes = self.faults.strikes
        if strikes("broker dies while publishing"):
            self.go_away()
            return None
        if strikes("message nacked"):
            return False
        silent = strikes("confirm never comes")
        if silent and self.rng.random() < 0.5:
            return None
        if strikes("message returned"):
            line.returned()
        else:
            self.route(message)
        if not silent:
            self.taken[line.wire.source].add(message.position)
        return None if silent else True

    def _answer(self, line: Line, answers: list[tuple[int, bool]]) -> None:
        strikes = self.faults.strikes
        late = bool(answers) and strikes("confirm comes late")
        leading = 0
        while leading < len(answers) and answers[leading][1] and answers[leading][0] == answers[0][0] + leading:
            leading += 1
        if leading > 1 and answers[0][0] == 1 and strikes("one confirm for many"):
            line.answer(answers[leading - 1][0], True, multiple=True, late=late)
            answers = answers[leading:]
        if len(answers) > 1 and strikes("confirms out of order"):
            self.rng.shuffle(answers)
        for tag, taken in answers:
            line.answer(tag, taken, late=late)

    def time_goes_by(self, seconds: float) -> None:
        """Somebody waits for the broker."""
        self.clock += seconds
        if self.alarm:
            self._waited_in_alarm += 1
            if self._waited_in_alarm >= LONGEST_ALARM or self.rng.random() < ALARM_ENDS:
                self.wake_up()
        if self.rng.random() < 0.1:
            self._meanwhile()

    def fall_silent(self) -> None:
        """As a process that is stopped: the system keeps its connections, and nobody answers."""
        self.silent = True

    def raise_an_alarm(self) -> None:
        """Short of memory or disk: from now on nothing that is published is read."""
        self.alarm = True

    def wake_up(self) -> None:
        """Read on after a silence or an alarm: also what lies in the sockets of connections that were given up."""
        self.silent = self.alarm = False
        self._waited_in_alarm = 0
        for delivery in list(self.in_hand.values()):
            if delivery.answered:
                delivery.settle()
        for line in list(self.lines):
            line.wire.written_in_alarm.clear()
            line.unblocked()
            self.read(line)
        self.lines = [line for line in self.lines if line.open]

    def notice_cuts(self) -> None:
        """Heartbeats are missing: what a consumer that was cut off had in hand is delivered again."""
        for delivery in list(self.in_hand.values()):
            if delivery.cut:
                self.take_back(delivery)

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
        if self.away or self.silent or not queue or key in self.in_hand:
            return None
        letters = [queue.popleft() for _ in range(min(most, len(queue)))]
        self.in_hand[key] = Delivery(self, key, letters, cursor, check)
        return self.in_hand[key]

    def take_back(self, delivery: Delivery) -> None:
        """The consumer's connection is gone: what it had in hand is delivered again, to whoever is active then."""
        if delivery.open:
            delivery.open = False
            del self.in_hand[delivery.key]
            refused = set() if delivery.cut else delivery.refused
            kept = [letter for index, letter in enumerate(delivery.letters) if index not in refused]
            self.queues[delivery.key].extendleft(reversed(kept))

    def forget_places(self, consumer: str, source: str) -> None:
        """The consumer begins anew: where it stood when it was given messages does not matter any more."""
        if delivery := self.in_hand.get((consumer, source)):
            delivery.cursor = None

    def go_away(self) -> None:
        """Stop; the queues are durable."""
        self.away, self.silent, self.alarm = True, False, False
        for line in self.lines:
            line.wire.written_in_alarm.clear()
            line.reset()
        self.lines.clear()
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
        self.cut = False
        """Whether a firewall swallows what its consumer says, and neither side knows."""
        self.answered = False
        self._check = check

    def acknowledge(self) -> None:
        """See Deliveries."""
        self._must_be_open()
        if self.broker.faults.strikes("acknowledgement lost"):
            self.broker.take_back(self)
            return
        self._check(self)
        if self.broker.silent or self.cut:
            self.answered = self.broker.silent and not self.cut
            return
        self.settle()

    def settle(self) -> None:
        """The broker has heard it."""
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
