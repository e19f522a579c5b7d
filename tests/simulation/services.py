"""The three services of the simulation: `origin` raises events, `saga` answers some by events of its own, `ledger`
reads both. Their databases are in memory and made once; a history begins with a copy of the empty one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from marshmallow import fields
from sqlalchemy import CursorResult
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from hongxia.database import Database
from hongxia.events import outbox
from hongxia.events.declare import EventData, EventType
from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event
from hongxia.events.parked import Unappliable
from hongxia.events.tables import platform_metadata, start_log

from .faults import Faults


class DatabaseAway(OperationalError):
    """What the driver would raise."""

    def __init__(self) -> None:
        super().__init__("simulated", None, Exception("away"))


READS: Mapping[str, tuple[str, ...]] = {"saga": ("origin",), "ledger": ("origin", "saga")}
"""Which sources each consumer reads."""

SOURCES = ("origin", "saga")


class AmountData(EventData):
    """The sender lets anything pass; the consumers need an integer."""

    amount = fields.Raw(required=True)


CHANGED = EventType("origin.thing.changed", 1, AmountData, "变更", "A thing has another amount.")
BOUGHT = EventType("origin.thing.bought", 1, AmountData, "购买", "A thing is to be paid for: the saga answers.")
NOTED = EventType("origin.thing.noted", 1, AmountData, "备注", "Nobody needs it.")
NOVEL = EventType("origin.thing.changed", 2, AmountData, "变更", "A version that consumers do not know at first.")
PAID = EventType("saga.payment.paid", 1, AmountData, "支付", "The saga's answer.")

IGNORED = {NOTED.type}

SCHEMA = """
CREATE TABLE things (id TEXT PRIMARY KEY, version INTEGER, amount INTEGER);
CREATE TABLE applied (seq INTEGER PRIMARY KEY, source TEXT, position INTEGER, chain TEXT, replayed INTEGER);
CREATE TABLE payments (subject TEXT, version INTEGER, PRIMARY KEY (subject, version));
CREATE TABLE facts (source TEXT, subject TEXT, version INTEGER, amount INTEGER, PRIMARY KEY (source, subject));
"""
"""The services' own tables: what `origin` is about, what consumers learn, in order and by subject, what was paid."""


class Node:
    """A service's database: the real Database on SQLite in memory, and the raw connection for looking at it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.database = Database("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        with self.database.engine.begin() as connection:
            platform_metadata.create_all(connection)
            start_log(connection)
        self.raw: sqlite3.Connection = self.database.engine.raw_connection().driver_connection  # type: ignore[assignment]
        self.raw.executescript(SCHEMA)
        self._empty = self.snapshot()

    def reset(self) -> None:
        """An empty database again."""
        self.restore(self._empty)

    def snapshot(self) -> sqlite3.Connection:
        """A backup of the database as it is."""
        copy = sqlite3.connect(":memory:")
        self.raw.backup(copy)
        return copy

    def restore(self, snapshot: sqlite3.Connection) -> None:
        """Put a backup back."""
        snapshot.backup(self.raw)


def backlog(node: Node) -> tuple[int, int]:
    """How many committed events have no number yet, and how many numbered ones are not marked as published."""
    (waiting,) = node.raw.execute("SELECT count(*) FROM outbox WHERE position IS NULL").fetchone()
    position, published = node.raw.execute("SELECT position, published FROM outbox_head").fetchone()
    return waiting, position - published


def has_parked(node: Node) -> bool:
    """Whether a consumer has parked events."""
    return node.raw.execute("SELECT 1 FROM parked").fetchone() is not None


class Handling:
    """What a consumer does with events: notes each in `applied`, keeps the newest amount of each subject in `facts`;
    the saga answers a purchase by a payment. Troubles, by event id, make it fail.
    """

    def __init__(self, service: str, faults: Faults) -> None:
        self.troubles: dict[str, str] = {}
        self.taught = False
        self._pays = service == "saga"
        self._faults = faults

    def of(self, source: str, *, replayed: bool = False) -> Callable[[Session, Sequence[Event]], None]:
        """The handler of a source."""
        return partial(self._handle, source, replayed)

    def _handle(self, source: str, replayed: bool, session: Session, events: Sequence[Event]) -> None:
        for event in events:
            row = (source, event.position, event.chain, int(replayed))
            run(session, "INSERT INTO applied (source, position, chain, replayed) VALUES (?, ?, ?, ?)", *row)
        take = partial(self._take, source)
        known = [CHANGED, BOUGHT, PAID, *([NOVEL] if self.taught else [])]
        ignored = dict.fromkeys(IGNORED)
        dispatch(session, events, {**ignored, **{event_type.type: take for event_type in known}})

    def _take(self, source: str, session: Session, event: Event) -> None:
        trouble = self.troubles.get(event.id)
        if trouble in ("handler fails once", "database away in the handler"):
            del self.troubles[event.id]
        amount = event.need("amount", int)
        keep_fact(session, source, event, amount)
        if self._pays and event.type == BOUGHT.type:
            pay(session, event, amount, times=2 if trouble == "handler raises an event twice" else 1)
        if trouble:
            self._fail(trouble)

    def _fail(self, trouble: str) -> None:
        if trouble == "handler raises an event twice" and not self._pays:
            return
        self._faults.note(trouble)
        if trouble == "database away in the handler":
            raise DatabaseAway
        if trouble != "handler raises an event twice":
            raise Unappliable("simulated")


def pay(session: Session, event: Event, amount: int, times: int) -> None:
    """Each purchase is answered once, also where the source's history is read anew."""
    which = (event.subject, event.entityversion)
    if run(session, "SELECT 1 FROM payments WHERE subject = ? AND version = ?", *which).scalar():
        return
    run(session, "INSERT INTO payments (subject, version) VALUES (?, ?)", *which)
    for _ in range(times):
        outbox.append(
            session,
            PAID,
            subject=event.subject,
            entityversion=event.entityversion,
            occurredon=event.occurredon,
            data={"amount": amount},
        )


def forget(session: Session, source: str) -> None:
    """Drop what was learnt from a source."""
    run(session, "DELETE FROM applied WHERE source = ?", source)
    run(session, "DELETE FROM facts WHERE source = ?", source)


def keep_fact(session: Session, source: str, event: Event, amount: int) -> None:
    """A fact is versioned by its entity, so that an older event never overwrites a newer one."""
    known = run(session, "SELECT version FROM facts WHERE source = ? AND subject = ?", source, event.subject).scalar()
    if known is None or is_newer(event.entityversion, known):
        row = (source, event.subject, event.entityversion, amount)
        run(session, "INSERT OR REPLACE INTO facts (source, subject, version, amount) VALUES (?, ?, ?, ?)", *row)


def run(session: Session, statement: str, *values: str | int) -> CursorResult[Any]:
    """A statement of a service's own, by the shortest way."""
    return session.connection().exec_driver_sql(statement, values)


def is_newer(version: int, known: int) -> bool:
    """Whether an event tells something newer than what is kept."""
    return version > known
