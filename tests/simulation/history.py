"""One history: a seeded scheduler lets writers, relays, consumers and faults take turns, also within one another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

from hongxia.events.context import Context
from hongxia.events.declare import source_urn

from . import steps
from .actors import Actor, Crash, everyone
from .acts import act
from .broker import Broker
from .faults import Faults
from .feeds import Reach
from .mischief import Backup
from .safety import Safety
from .services import READS, SOURCES, DatabaseAway, Handling, Node, backlog, has_parked
from .wire import Wire

BEGIN = datetime(2022, 1, 1, tzinfo=UTC)
SHORTEST, LONGEST = 8, 20
"""How many steps a history has, those within other steps not counted."""

DEEPEST = 2
"""How many steps may lie within one another."""

INTERLEAVE = 0.2
"""The chance that others act at a point between two steps."""


class World:
    """The databases, made once for all histories."""

    def __init__(self) -> None:
        self.nodes = {name: Node(name) for name in (*SOURCES, "ledger")}


class History:
    """What happens from one seed. `say` is told every step and fault; the faults `needed` are possible in any case."""

    def __init__(
        self, world: World, seed: int, say: Callable[[str], None] | None = None, needed: Collection[str] = ()
    ) -> None:
        self.rng = Random(seed)
        self.nodes = world.nodes
        for node in self.nodes.values():
            node.reset()
        self._say = say
        self._contexts = 0
        self.depth = 0
        self.drawn = 1
        self.damaged: set[str] = set()
        self.backups: dict[str, Backup] = {}
        self.faults = Faults(self.rng, self.say, needed)
        self.broker = Broker(self.rng, self.faults, self.meanwhile)
        self.safety = Safety(self.nodes, self.broker)
        self.handling = {consumer: Handling(consumer, self.faults) for consumer in READS}
        self.feeds = {source: Reach(self.nodes[source], self.faults, self.meanwhile) for source in SOURCES}
        self.actors = everyone()
        self.wires = {str(actor): self._new_wire(actor) for actor in self.actors if actor.kind == "relay"}

    def run(self) -> None:
        """Let things happen and go wrong. Raises Violation where the platform breaks a promise."""
        for _ in range(self.rng.randint(SHORTEST, LONGEST)):
            self.step()

    def say(self, line: str) -> None:
        """A line of the trace, indented by how deep in other steps it happens."""
        if self._say:
            self._say("    " * max(0, self.depth - 1) + line)

    def context(self, service: str) -> Context:
        """A context of its own for each unit of work; time moves on by a second."""
        self._contexts += 1
        moment = BEGIN + timedelta(seconds=self._contexts)
        return Context(source_urn(service), moment, f"correlation-{self._contexts}", random=self.rng.randbytes)

    def point(self, name: str) -> None:
        """A named point of the platform: the process may die, the database be away, others act."""
        if self.faults.crashes(name):
            raise Crash(name)
        if name.endswith("before-commit") and self.faults.strikes("database away at the commit"):
            raise DatabaseAway
        if name.endswith("after-commit") and self.faults.strikes("database cut after the commit"):
            raise DatabaseAway
        if name.startswith("publish:before") and self.faults.strikes("process frozen"):
            self.meanwhile(6)
        if self.rng.random() < INTERLEAVE:
            self.meanwhile()

    def meanwhile(self, most: int = 2) -> None:
        """Let others act in the midst of a step, unless a transaction is open: on SQLite nobody else could write."""
        if self.faults.on and self.depth < DEEPEST and not any(n.raw.in_transaction for n in self.nodes.values()):
            self.say("meanwhile:")
            for _ in range(self.rng.randint(1, most)):
                self.step()

    def step(self) -> None:
        """Somebody does something; then everything is checked."""
        self.depth += 1
        try:
            act(self)
            self.safety.check()
        finally:
            self.depth -= 1

    @contextmanager
    def at_work(self, actor: Actor) -> Iterator[None]:
        """An actor does one thing at a time, waits out what is away, and is started anew when it dies."""
        if any(other.busy and other.is_twin_of(actor) for other in self.actors):
            self.faults.note(f"two {actor.kind}s at once")
        actor.busy = True
        try:
            yield
        except Crash as crash:
            self.say(f"{actor} dies at {crash}")
            self.end(actor)
        except steps.OUTAGES as error:
            self.say(f"{actor}: {type(error).__name__}")
            if not isinstance(error, DatabaseAway):
                self.drop(actor)
        finally:
            actor.busy = False

    def drop(self, actor: Actor) -> None:
        """An actor's connection is gone, and with it what it had in hand."""
        if actor.held:
            self.broker.take_back(actor.held)
            actor.held = None

    def end(self, actor: Actor) -> None:
        """An actor's process ends, and another one is started."""
        self.drop(actor)
        if actor.kind == "relay":
            self.wires[str(actor)].give_up()
            self.wires[str(actor)] = self._new_wire(actor)

    def mend(self) -> None:
        """From now on nothing goes wrong: everything is back, processes are started anew, consumers know all types."""
        self.say("everything is mended")
        self.faults.on = self.broker.away = False
        self.broker.wake_up()
        for actor in self.actors:
            self.drop(actor)
        self.broker.notice_cuts()
        for handling in self.handling.values():
            handling.troubles.clear()
            handling.taught = True

    def work_once(self) -> None:
        """Every service does all that it has to do, once, in the order in which events flow."""
        for actor in self.actors:
            if actor.number == 1 and (actor.kind == "replica" or any(backlog(self.nodes[actor.service]))):
                for step in steps.OF[actor.kind]:
                    step(self, actor)
        for consumer in READS:
            if has_parked(self.nodes[consumer]):
                steps.replay(self, consumer)
        self.safety.check()

    def _new_wire(self, actor: Actor) -> Wire:
        return Wire(self.broker, actor.service, self._before_sending)

    def _before_sending(self, source: str, positions: list[int]) -> None:
        self.safety.sending(source, positions)
        self.point("publish:sending")
