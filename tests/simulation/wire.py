"""A relay's way to the broker: its real Publisher, over a line on which everything may happen that does on a socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from amqp.exceptions import ConnectionForced, PreconditionFailed

from hongxia.events.broker import Confirms, Publisher
from hongxia.events.transport import BrokerAway, Message
from hongxia.events.wire import HEAD

from .broker import Broker
from .truth import demand

LATE_SECONDS = 15.0
"""How late a confirm comes that is slow: the publisher has given it up by then."""

SILENCE_SECONDS = 40.0
"""After how long without a heartbeat a line counts as dead."""

MOST_LINES = 2
"""Over how many connections a process may write to a broker in one alarm: one that it had, and one that it tries."""


class Wire(Publisher):
    """The Publisher of one process of a source. Only how it connects is the simulation's."""

    def __init__(self, broker: Broker, source: str, before: Callable[[str, list[int]], None]) -> None:
        super().__init__("simulated:", source, self._name, monotonic=lambda: broker.clock)
        self.broker = broker
        self.source = source
        self.acked: set[int] = set()
        """Which positions the broker has confirmed to this process, or refused for good, during the last publish."""
        self.sending: list[int] = []
        """The positions that it was to publish last."""
        self.unproved = False
        """Whether the last connection ended with messages that were not answered."""
        self.written_in_alarm: set[Line] = set()
        self._before = before

    def open(self) -> None:
        """See Publisher."""
        if self._channel is not None:
            return
        if self.broker.away or self.broker.silent:
            raise BrokerAway("away")
        self._confirms, self._tag = Confirms(), 0
        line: Any = Line(self, self._confirms, self._note_blocked)
        self._connection = self._channel = line
        self.broker.lines.append(line)

    def publish(self, messages: Sequence[Message]) -> int:
        """See Transport."""
        self.acked, self.sending = set(), [message.position for message in messages]
        self._before(self.source, self.sending)
        return super().publish(messages)

    def _name(self, message: Message, _reason: str) -> None:
        demand(self.broker.refuses(message.body), "only what the broker refuses is named", message.position)
        self.broker.named[self.source].add(message.position)
        self.acked.add(message.position)


class Line:
    """One connection with its one channel. What the broker has not read lies in `unread`, also after it was closed."""

    recoverable_connection_errors = (ConnectionError, ConnectionForced)

    def __init__(self, wire: Wire, confirms: Confirms, note_blocked: Callable[[bool], None]) -> None:
        self.wire = wire
        self.broker = wire.broker
        self.unread: list[tuple[int, Message]] = []
        self.open = True
        self.cut = self._dead = False
        self._confirms = confirms
        self._note_blocked = note_blocked
        self._buffer: list[Message] = []
        self._frames: list[tuple[float, Callable[[], None]]] = []
        self._tags = 0
        self._places: dict[int, int] = {}
        self._unanswered: set[int] = set()
        self._told_blocked = False
        self._last_sign = self.broker.clock

    connection = transport = property(lambda self: self)

    def basic_publish(self, event: Any, _exchange: str, routing_key: str, mandatory: bool) -> None:
        """As py-amqp's, while what is written is held back."""
        position = json.loads(event.body)["position"]
        head = event.properties.get("application_headers", {}).get(HEAD)
        self._buffer.append(Message(routing_key, event.body, head, position))

    def _write(self, _frames: bytes) -> None:
        """Nothing: the messages themselves were kept."""

    def write(self, _frames: bytes) -> None:
        """What was held back goes out."""
        batch, self._buffer = self._buffer, []
        if self._dead:
            raise ConnectionResetError
        if not batch:
            return
        demand(not self._told_blocked, "nothing is published over a connection that is blocked", self.wire.source)
        demand(len(batch) == 1 or not self.wire.unproved, "after a fault one message goes out first", self.wire.source)
        if self.broker.alarm:
            self.wire.written_in_alarm.add(self)
            lines = len(self.wire.written_in_alarm)
            demand(lines <= MOST_LINES, "an alarm does not collect connections", self.wire.source, lines)
        for message in batch:
            self._tags += 1
            self._unanswered.add(self._tags)
            self._places[self._tags] = message.position
            if not self.cut:
                self.unread.append((self._tags, message))
        if self.broker.faults.strikes("publisher cut without notice"):
            self.cut = True
        self.broker.read(self)
        if self.broker.alarm and not self.cut:
            self._told_blocked = True
            self.hear(lambda: self._note_blocked(True))

    def hear(self, frame: Callable[[], None], late: bool = False) -> None:
        """Something from the broker is on its way to the publisher."""
        if self.open and not self.cut:
            self._frames.append((self.broker.clock + (LATE_SECONDS if late else 0.0), frame))

    def unblocked(self) -> None:
        """The alarm is over."""
        if self._told_blocked:
            self._told_blocked = False
            self.hear(lambda: self._note_blocked(False))

    def answer(self, tag: int, taken: bool, multiple: bool = False, late: bool = False) -> None:
        """The broker answers a message."""
        self.hear(lambda: self._take_answer(tag, taken, multiple), late)

    def _take_answer(self, tag: int, taken: bool, multiple: bool) -> None:
        answered = self._unanswered & (set(range(1, tag + 1)) if multiple else {tag})
        self._unanswered -= answered
        if taken:
            self.wire.unproved = False
            self.wire.acked |= {self._places[one] for one in answered}
        (self._confirms.on_ack if taken else self._confirms.on_nack)(tag, multiple=multiple)

    def returned(self) -> None:
        """No queue took a message."""
        self.hear(self._confirms.on_return)

    def refused(self) -> None:
        """The broker closes the channel because of a message that it does not take, and does not say which."""

        def close() -> None:
            if len(self._unanswered) == 1:  # it went out alone, so this answers it
                self._unanswered.clear()
                self.wire.unproved = False
            raise PreconditionFailed("too large")

        self.unread.clear()
        self.hear(close)

    def reset(self) -> None:
        """The broker is gone."""

        def fail() -> None:
            raise ConnectionResetError

        self.unread.clear()
        self._dead = True
        self._frames = [(self.broker.clock, fail)]

    def blocking_read(self, seconds: float) -> None:
        """As py-amqp's: one frame, or TimeoutError; meanwhile time goes by, and others act."""
        if not self._due():
            self.broker.time_goes_by(seconds)
        if not self._due():
            raise TimeoutError
        self._last_sign = self.broker.clock
        _, frame = self._frames.pop(0)
        frame()

    def _due(self) -> bool:
        self._frames.sort(key=lambda due: due[0])
        return bool(self._frames) and self._frames[0][0] <= self.broker.clock

    def heartbeat_check(self) -> None:
        """As kombu's."""
        if not self.cut and not self.broker.silent:
            self._last_sign = self.broker.clock
        elif self.broker.clock - self._last_sign > SILENCE_SECONDS:
            raise ConnectionForced("Too many heartbeats missed")

    def collect(self) -> None:
        """As kombu's: close the socket, without a farewell."""
        self.open = False
        # What was confirmed behind a hole goes out again with what fills the hole.
        self.wire.acked = set(takewhile(self.wire.acked.__contains__, self.wire.sending))
        self.wire.unproved = self.wire.unproved or bool(self._unanswered)
