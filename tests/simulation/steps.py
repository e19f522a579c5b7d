"""What the actors do: commit, number, publish, receive, look, replay; each calls the platform's real steps."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from hongxia.events import cursor, outbox, parked, relay
from hongxia.events.cursor import Consumer
from hongxia.events.feed import FeedAway
from hongxia.events.transport import BrokerAway
from tests.keys import prove_of, sign_as

from .actors import Actor, Crash
from .faults import TROUBLES
from .safety import cursor_of
from .services import BOUGHT, CHANGED, NOTED, NOVEL, DatabaseAway, forget, run

if TYPE_CHECKING:
    from .history import History

DAY = date(2022, 1, 1)
EVERYTHING = 1000


class RolledBack(Exception):
    """The service changed its mind."""


def commit(history: History) -> None:
    """Some changes and their events in one transaction, which may be rolled back.

    As on PostgreSQL, the rows' own numbers are drawn before the commit: what has a lower one may be visible later.
    """
    count = history.rng.randint(1, 3)
    first, history.drawn = history.drawn, history.drawn + count
    if history.faults.strikes("commit overtaken by another"):
        history.meanwhile(6)
    try:
        with history.nodes["origin"].database.begin(history.context("origin")) as session:
            event_ids = [change(history, session) for _ in range(count)]
            outbox.flush(session)
            for event_id in event_ids:
                run(session, "UPDATE outbox SET seq = -seq WHERE id = ?", event_id)
            for seq, event_id in enumerate(event_ids, first):
                run(session, "UPDATE outbox SET seq = ? WHERE id = ?", seq, event_id)
            if history.faults.strikes("commit rolled back"):
                raise RolledBack
        history.say(f"origin commits {count}")
    except RolledBack:
        pass


def change(history: History, session: Session) -> str:
    """A thing gets another amount, and the event says so; returns the event's id."""
    rng, faults = history.rng, history.faults
    thing, amount = f"thing-{rng.randint(1, 3)}", rng.randint(1, 99)
    version = (run(session, "SELECT version FROM things WHERE id = ?", thing).scalar() or 0) + 1
    run(session, "INSERT OR REPLACE INTO things (id, version, amount) VALUES (?, ?, ?)", thing, version, amount)
    novel = faults.strikes("event of an unknown type")
    event_id = outbox.append(
        session,
        NOVEL if novel else rng.choice((CHANGED, CHANGED, BOUGHT, BOUGHT, NOTED)),
        subject=thing,
        entityversion=version,
        occurredon=DAY,
        data={"amount": "many" if faults.strikes("event with malformed data") else amount},
    )
    if faults.strikes("message refused for good"):
        history.broker.refused_ids.add(event_id)
    for handling in history.handling.values():
        trouble = faults.one_of(TROUBLES)
        if trouble and faults.threatens(trouble):
            handling.troubles[event_id] = trouble
    return event_id


def number(history: History, actor: Actor, limit: int = EVERYTHING) -> None:
    """A relay gives positions."""
    database, context = history.nodes[actor.service].database, history.context(actor.service)
    with history.at_work(actor):
        count = relay.number(database, context, limit, history.point)
        history.say(f"{actor} numbers {count}")


def publish(history: History, actor: Actor, limit: int = EVERYTHING) -> None:
    """A relay publishes what has a position."""
    database, context = history.nodes[actor.service].database, history.context(actor.service)
    wire = history.wires[str(actor)]
    with history.at_work(actor):
        try:
            count = relay.publish(database, wire, context, sign_as(actor.service), limit, history.point)
        except BrokerAway:
            history.safety.published(wire)
            raise
        history.safety.published(wire)
        history.say(f"{actor} publishes {count}")


def receive(history: History, actor: Actor, most: int = EVERYTHING) -> None:
    """A replica applies what its queue gives it; what a database error left in its hands it tries again."""
    place = cursor_of(history.nodes[actor.service], actor.source)[:2]
    if actor.held is None or not actor.held.open:
        key = (actor.service, actor.source)
        actor.held = history.broker.deliver(key, most, place, history.safety.acknowledging)
    if actor.held is not None:
        with history.at_work(actor):
            outcome = cursor.receive(_consumer(history, actor), history.context(actor.service), actor.held)
            history.say(f"{actor} receives {len(actor.held.bodies)}: {outcome}")
            actor.held = None


def look(history: History, actor: Actor) -> None:
    """A replica compares its cursor with the source's head and pulls what is missing."""
    with history.at_work(actor):
        feed = history.feeds[actor.source]
        outcome = cursor.check(_consumer(history, actor), history.context(actor.service), feed)
        history.say(f"{actor} looks at the head: {outcome}")


def replay(history: History, service: str) -> None:
    """An operator has the parked events of a consumer tried again."""
    handling = history.handling[service]
    database, context = history.nodes[service].database, history.context(service)
    try:
        done = parked.replay(database, context, lambda source: handling.of(source, replayed=True), history.point)
        history.say(f"{service} replays: {done}")
    except (DatabaseAway, Crash) as error:
        history.say(f"{service} does not replay on: {type(error).__name__}")


def reread(history: History, service: str, source: str) -> None:
    """An operator decides that the history of a stopped source, as it is now, shall count."""
    with history.nodes[service].database.begin(history.context(service)) as session:
        cursor.reread(session, source)
        forget(session, source)
    del history.safety.stopped[service, source]
    history.broker.forget_places(service, source)
    history.say(f"{service} reads {source} anew")


def _consumer(history: History, actor: Actor) -> Consumer:
    handle = history.handling[actor.service].of(actor.source)
    return Consumer(history.nodes[actor.service].database, actor.source, handle, prove_of(actor.source), history.point)


OF = {"relay": (number, publish), "replica": (receive, look)}
"""The steps of each kind of actor, in the order in which it does all its work."""

OUTAGES = (DatabaseAway, BrokerAway, FeedAway)
"""What an actor waits out and tries again."""
