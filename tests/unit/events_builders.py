"""What the tests of the event platform build: a database with an empty log, events, a source and who reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events import chain, feed, outbox, relay
from hongxia.events.canonical import canonical
from hongxia.events.context import Context
from hongxia.events.cursor import Consumer, Handle
from hongxia.events.declare import EventData, EventType
from hongxia.events.digest import digest_of
from hongxia.events.envelope import Event, NotAnEvent, parse, splice
from hongxia.events.feed import FeedAway, Head
from hongxia.events.heads import Place
from hongxia.events.tables import platform_metadata, start_log
from hongxia.events.transport import Message
from tests.keys import prove_of, sign_as

NOW = datetime(2022, 7, 1, 4, tzinfo=UTC)
DAY = date(2022, 7, 1)
SOURCE = Context("urn:hongxia:test:origin", NOW, "correlation-1")
READER = Context("urn:hongxia:test:ledger", NOW, "correlation-2")


class ThingData(EventData):
    """The data of the tests' events."""

    amount = fields.Integer(required=True, strict=True)


CHANGED = EventType("origin.thing.changed", 1, ThingData, "变更", "A thing has another amount.")
CLOSED = EventType("origin.thing.closed", 1, ThingData, "结束", "A thing has come to its end.")


def new_database(**options: Any) -> Database:
    """A service's database in memory, with nothing but the platform's tables."""
    database = Database("sqlite://", **options)
    platform_metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        start_log(connection)
    return database


def raise_event(session: Session, version: int = 1, event_type: EventType = CHANGED, subject: str = "thing-1") -> str:
    """Append one event of a thing."""
    data = {"amount": version * 10}
    return outbox.append(session, event_type, subject=subject, entityversion=version, occurredon=DAY, data=data)


def source_with(count: int) -> Database:
    """A source whose log holds so many numbered events, versions 1, 2, … of one thing."""
    database = new_database()
    with database.begin(SOURCE) as session:
        for version in range(1, count + 1):
            raise_event(session, version)
    relay.number(database, SOURCE)
    return database


def bodies_of(database: Database, after: int = 0) -> list[bytes]:
    """The events of a source as they travel."""
    with database.read() as session:
        return feed.page(session, after)


def events_of(database: Database) -> list[Event]:
    """The events of a source as a consumer sees them."""
    return [parse(body) for body in bodies_of(database)]


def signed(attributes: dict[str, Any], position: int = 1, previous: str = chain.GENESIS) -> Event:
    """An event with these attributes, at its place in a log that we make up."""
    envelope = {
        "id": "e",
        "source": "urn:hongxia:test:origin",
        "type": CHANGED.type,
        "subject": "thing-1",
        "salt": "00" * 16,
        "data": {},
        **attributes,
    }
    sound = isinstance(envelope.get("data"), dict)
    link = chain.link(previous, position, digest_of(envelope)) if sound else chain.GENESIS
    return parse(splice(canonical(envelope), position, position, link))


def consumer(handle: Handle = lambda _session, _events: None) -> Consumer:
    """One that has read nothing yet."""
    return Consumer(new_database(), "origin", handle, prove_of("origin"))


def _head_at(body: bytes) -> str | None:
    try:
        event = parse(body)
    except NotAnEvent:
        return None
    return sign_as("origin")(event.position, event.chain, NOW).dumped()


class Near:
    """The Feed of a source in the same process; `hidden` removes a position from its pages."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.away = False
        self.hidden: set[int] = set()
        self.asked: list[int] = []

    def head(self, holds: Place | None = None) -> Head:
        """See Feed."""
        if self.away:
            raise FeedAway("away")
        with self.database.read() as session:
            return feed.head(session)

    def page(self, after: int, limit: int, chain: str | None = None) -> list[Event]:
        """See Feed."""
        self.asked.append(after)
        with self.database.read() as session:
            events = [parse(body) for body in feed.page(session, after, limit)]
        return [event for event in events if event.position not in self.hidden]


class Recorder:
    """A Transport that confirms up to so many messages and remembers what it was given."""

    def __init__(self, confirms: int = 1_000_000) -> None:
        self.confirms = confirms
        self.sent: list[Message] = []

    def publish(self, messages: Sequence[Message]) -> int:
        """See Transport."""
        self.sent += messages
        return min(self.confirms, len(messages))


class Given:
    """Deliveries of these bodies, each that is an event with origin's signed head at it, unless `signed` is false."""

    def __init__(self, *bodies: bytes, signed: bool = True) -> None:
        self.bodies = bodies
        self.heads = [_head_at(body) if signed else None for body in bodies]
        self.dead: list[int] = []
        self.acknowledged = False

    def acknowledge(self) -> None:
        """See Deliveries."""
        self.acknowledged = True

    def dead_letter(self, index: int) -> None:
        """See Deliveries."""
        self.dead.append(index)
