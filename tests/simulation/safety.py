"""What must hold after every step, whatever went wrong: logs without gaps, cursors that move only with their effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from hongxia.events.digest import SALT
from hongxia.events.envelope import Event, NotAnEvent, parse
from tests.keys import prove_of

from .broker import Broker, Delivery
from .services import BOUGHT, CHANGED, NOVEL, PAID, READS, SOURCES, Node
from .truth import START, Link, Log, demand

if TYPE_CHECKING:
    from .wire import Wire

FACTUAL = {CHANGED.type, BOUGHT.type, PAID.type, NOVEL.type}

_follows, _is_of = Event.follows, Event.is_of
"""As they are before any breakage."""


class Safety:
    """The judge of one history."""

    def __init__(self, nodes: dict[str, Node], broker: Broker) -> None:
        self.nodes = nodes
        self.broker = broker
        self.logs = {source: Log() for source in SOURCES}
        self.stopped: dict[tuple[str, str], tuple[int, str]] = {}
        self.marks: dict[str, int] = {}

    def check(self) -> None:
        """Every promise, against the databases as they are. Raises Violation."""
        for source in SOURCES:
            self.logs[source].read(self.nodes[source])
            self._published_was_confirmed(source)
        for consumer, sources in READS.items():
            for source in sources:
                self._applied_is_a_prefix(consumer, source)
        self._events_tell_changes()

    def _published_was_confirmed(self, source: str) -> None:
        head = self.nodes[source].raw.execute("SELECT published, first FROM outbox_head").fetchone()
        settled = self.broker.taken[source] | self.broker.named[source]
        unsettled = set(range(1, head[0] + 1)) - settled
        demand(not unsettled, "only confirmed or named events are marked as published", source, sorted(unsettled))
        demand(head[0] >= self.marks.get(source, 0), "the mark never goes back", source, head[0])
        self.marks[source] = head[0]
        demand(head[1] <= head[0] + 1, "only published events are forgotten", source, head)

    def _applied_is_a_prefix(self, consumer: str, source: str) -> None:
        raw, log = self.nodes[consumer].raw, self.logs[source]
        position, chain, diverged = cursor_of(self.nodes[consumer], source)
        demand(chain in log.paths, "a cursor stands in the source's history", consumer, source, position)
        path = log.paths[chain]
        demand(len(path) == position, "position and chain agree", consumer, source)
        rows = raw.execute(
            "SELECT position, chain, replayed FROM applied WHERE source = ? ORDER BY seq", (source,)
        ).fetchall()
        parked = [p for (p,) in raw.execute("SELECT position FROM parked WHERE source = ?", (source,))]
        in_turn = [row[0] for row in rows if not row[2]]
        demand(in_turn == sorted(in_turn), "events are applied in order", consumer, source, in_turn)
        places = sorted([row[0] for row in rows] + parked)
        demand(
            places == list(range(1, position + 1)),
            "each event up to the cursor once",
            consumer,
            source,
            position,
            places,
        )
        for place, of_event, _ in rows:
            demand(of_event == path[place - 1].chain, "what was applied is the source's", consumer, source, place)
        self._facts_are_those_of(consumer, source, [path[row[0] - 1] for row in rows])
        self._stops_with_reason(consumer, source, position, chain, diverged)

    def _facts_are_those_of(self, consumer: str, source: str, links: list[Link]) -> None:
        newest: dict[str, tuple[int, Any]] = {}
        for link in links:
            if link.type in FACTUAL and link.version > newest.get(link.subject, (0, 0))[0]:
                newest[link.subject] = (link.version, link.amount)
        rows = self.nodes[consumer].raw.execute(
            "SELECT subject, version, amount FROM facts WHERE source = ?", (source,)
        )
        found = {subject: (version, amount) for subject, version, amount in rows}
        demand(found == newest, "facts are those of the newest events", consumer, source, found, newest)

    def _stops_with_reason(self, consumer: str, source: str, position: int, chain: str, diverged: str | None) -> None:
        key = (consumer, source)
        if not diverged:
            self.stopped.pop(key, None)
        elif key not in self.stopped:
            self.stopped[key] = (position, chain)
            # The feed may have said something else of the very event that was applied last.
            sound = self.readable_on(source, position, chain) and position not in self.logs[source].damaged
            demand(not sound, "only a diverged source is stopped", key, diverged)
        demand(self.stopped.get(key, (position, chain)) == (position, chain), "a stopped source is not read", key)

    def readable_on(self, source: str, position: int, chain: str) -> bool:
        """Whether a cursor at this place lies within the source's current history and can be read on from there."""
        log = self.logs[source]
        first = self.nodes[source].raw.execute("SELECT first FROM outbox_head").fetchone()[0]
        place = log.path[position - 1].chain if 0 < position <= len(log.path) else START
        return position <= len(log.path) and place == chain and log.whole_after(position, first)

    def _events_tell_changes(self) -> None:
        things = self.nodes["origin"].raw.execute("SELECT id, version FROM things").fetchall()
        changes = [(thing, version) for thing, newest in things for version in range(1, newest + 1)]
        self._told("origin", changes)
        path = self.logs["origin"].paths[cursor_of(self.nodes["saga"], "origin")[1]]
        raw = self.nodes["saga"].raw
        rows = {position for (position,) in raw.execute("SELECT position FROM applied WHERE source = 'origin'")}
        bought = [link for link in path if link.type == BOUGHT.type and link.position in rows]
        payments = raw.execute("SELECT subject, version FROM payments").fetchall()
        self._told("saga", payments)
        unpaid = {(link.subject, link.version) for link in bought} - set(payments)
        demand(not unpaid, "every purchase is answered", unpaid)

    def _told(self, source: str, changes: list[tuple[str, int]]) -> None:
        waiting = self.nodes[source].raw.execute("SELECT body FROM outbox WHERE position IS NULL").fetchall()
        told = [(link.subject, link.version) for link in self.logs[source].path]
        for (body,) in waiting:
            said = json.loads(body)
            told.append((said["subject"], said["entityversion"]))
        demand(sorted(told) == sorted(changes), "a change and its event are committed together", source)

    def sending(self, source: str, positions: list[int]) -> None:
        """A relay is about to send these."""
        first, last = positions[0], positions[-1]
        gone = self.logs[source].removed
        demand(positions == sorted(positions), "events are published in order", source, positions)
        demand(len(positions) + gone >= last - first + 1, "no event is left out of what is published", positions)

    def published(self, wire: Wire) -> None:
        """A relay has published, or its connection was lost while it did: what was confirmed until then is marked."""
        leading = list(takewhile(wire.acked.__contains__, wire.sending))
        (mark,) = self.nodes[wire.source].raw.execute("SELECT published FROM outbox_head").fetchone()
        demand(not leading or mark >= leading[-1], "what was confirmed is marked", wire.source, mark, leading)

    def acknowledging(self, delivery: Delivery) -> None:
        """A consumer is about to acknowledge: whatever of it came next when it was delivered must be applied by now."""
        events = sorted(self._events_in(delivery), key=lambda event: event.position)
        if delivery.cursor is None:
            return
        position, chain = delivery.cursor
        source = delivery.key[1]
        proved = {prove_of(source)(head) for head in delivery.heads if head}
        upto = position
        for event in events:
            if event.position == position + 1 and _follows(event, chain) and SALT in event.attributes:
                position, chain = event.position, event.chain
                upto = position if (position, chain) in proved else upto
            elif event.position > position or (event.position == position and event.chain != chain):
                break
        reached, _, diverged = cursor_of(self.nodes[delivery.key[0]], delivery.key[1])
        demand(bool(diverged) or reached >= upto, "only what was applied is acknowledged", delivery.key, upto)

    def _events_in(self, delivery: Delivery) -> Iterator[Event]:
        for index, body in enumerate(delivery.bodies):
            try:
                event = parse(body)
                if not _is_of(event, delivery.key[1]):
                    raise NotAnEvent("of another source")
            except NotAnEvent:
                demand(index in delivery.refused, "what is no event goes to the dead letters")
            else:
                demand(index not in delivery.refused, "only what is no event goes to the dead letters")
                yield event


def cursor_of(node: Node, source: str) -> tuple[int, str, str | None]:
    """A consumer's cursor: position, chain, and why it was stopped."""
    query = "SELECT position, chain, diverged FROM cursor WHERE source = ?"
    row: tuple[int, str, str | None] | None = node.raw.execute(query, (source,)).fetchone()
    return row or (0, START, None)
