"""A source's way to the broker: messages nacked, unanswered or returned, answers late, out of order, many at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from hongxia.events.broker import Confirms
from hongxia.events.transport import BrokerAway, Message

from .broker import Broker


class Wire:
    """A source's Transport. What the broker answers goes through the platform's own tracker of confirms."""

    def __init__(self, broker: Broker, source: str, before: Callable[[str, list[int]], None]) -> None:
        self.broker = broker
        self.source = source
        self._before = before

    def publish(self, messages: Sequence[Message]) -> int:
        """See Transport."""
        positions = [json.loads(message.body)["position"] for message in messages]
        self._before(self.source, positions)
        if self.broker.away:
            raise BrokerAway("away")
        confirms = Confirms()
        answers = []
        for tag, message in enumerate(messages, 1):
            confirms.sent(tag)
            answer = self._send(message, confirms)
            if answer is not None:
                answers.append((tag, answer))
            if answer:
                self.broker.taken[self.source].add(positions[tag - 1])
        return self._settled(confirms, answers)

    def _send(self, message: Message, confirms: Confirms) -> bool | None:
        """What the broker will answer to a message: taken, refused, or nothing."""
        strikes = self.broker.faults.strikes
        if strikes("broker dies while publishing"):
            self.broker.go_away()
            raise BrokerAway("died")
        if strikes("message nacked"):
            return False
        if strikes("confirm never comes"):
            if self.broker.rng.random() < 0.5:
                self.broker.route(message)
            return None
        if strikes("message returned"):
            confirms.on_return()
        else:
            self.broker.route(message)
        return True

    def _settled(self, confirms: Confirms, answers: list[tuple[int, bool]]) -> int:
        strikes = self.broker.faults.strikes
        leading = 0
        while leading < len(answers) and answers[leading] == (leading + 1, True):
            leading += 1
        confirmed = 0
        if leading > 1 and strikes("one confirm for many"):
            confirms.on_ack(leading, multiple=True)
            confirmed += confirms.settle()
            answers = answers[leading:]
        if len(answers) > 1 and strikes("confirms out of order"):
            self.broker.rng.shuffle(answers)
        for tag, taken in answers:
            (confirms.on_ack if taken else confirms.on_nack)(tag, multiple=False)
            confirmed += confirms.settle()
        return confirmed
