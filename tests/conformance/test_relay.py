"""The relay: positions without gaps in the order of commits, and publishing in order until it is confirmed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text

from hongxia.database import Database
from hongxia.events import cursor, outbox, relay
from hongxia.events.transport import BrokerAway, Message
from tests.conformance.backends import DEADLINE_SECONDS, Broker, Storage
from tests.conformance.cases import accounts, append, assert_unbroken, cursor_of, fill, reader_of
from tests.keys import sign_as
from tests.races.threads import start
from tests.servers import wait_until
from tests.unit.events_builders import (
    CLOSED,
    READER,
    SOURCE,
    Recorder,
    bodies_of,
    events_of,
    raise_event,
)


def backlog(database: Database) -> relay.Backlog:
    with database.read() as session:
        return relay.backlog(session)


def positions(sent: Sequence[Message]) -> list[int]:
    return [cursor.parse(message.body).position for message in sent]


def test_events_are_numbered_without_a_gap_whatever_failed_in_between(database: Database) -> None:
    append(database, 1, 2)
    with pytest.raises(RuntimeError), database.begin(SOURCE) as session:
        raise_event(session, 3)
        outbox.flush(session)  # takes a number of the storage's own sequence, which PostgreSQL does not give back
        raise RuntimeError
    append(database, 4)
    with database.begin(SOURCE) as session:
        raise_event(session, 5, CLOSED)
    while relay.number(database, SOURCE, limit=2):
        pass
    events = events_of(database)
    assert_unbroken(events)
    assert [event.entityversion for event in events] == [1, 2, 4, 5]


def test_events_are_numbered_in_the_order_in_which_they_were_written_wherever_they_lie(storage: Storage) -> None:
    """PostgreSQL puts a row that was updated behind the others."""
    database = storage.open(**storage.without_indexes)
    append(database, 1, 2, 3)
    with database.begin(SOURCE) as session:
        session.execute(text("UPDATE outbox SET type = type WHERE seq = (SELECT min(seq) FROM outbox)"))
    relay.number(database, SOURCE)
    assert [event.entityversion for event in events_of(database)] == [1, 2, 3]


def test_numbering_twice_changes_nothing(database: Database) -> None:
    fill(database, 3)
    before = bodies_of(database)
    assert relay.number(database, SOURCE) == 0
    assert bodies_of(database) == before


def test_the_earlier_commit_has_the_lower_position_even_if_it_began_later(storage: Storage) -> None:
    """The writers are interleaved on purpose: the first to write is the last to commit, where the storage allows it."""
    database, commits = storage.open(), []

    def write(subject: str) -> None:
        append(database, 1, subject=subject)
        commits.append(subject)
        relay.number(database, SOURCE)

    with database.begin(SOURCE) as session:
        raise_event(session, subject="slow")
        outbox.flush(session)
        quick = start(lambda: write("quick"))
        if storage.features.concurrent_writers:
            quick.result()
        else:
            storage.wait_for_a_waiting_writer()
    if storage.features.concurrent_writers:
        commits.append("slow")
    else:
        commits.insert(0, "slow")
    quick.result()
    relay.number(database, SOURCE)
    events = events_of(database)
    assert_unbroken(events)
    assert [event.subject for event in events] == commits


def test_a_position_never_appears_below_one_that_was_seen(storage: Storage) -> None:
    """Writers and two relays at once: a reader that follows the log sees it grow at its end only."""
    writers, database = 3, storage.open()
    done, seen = threading.Event(), [0]

    def write(writer: int) -> None:
        for version in range(1, 9):
            append(database, version, subject=f"thing-{writer}")

    def number() -> None:
        replica = storage.open()
        while not done.is_set():
            relay.number(replica, SOURCE, limit=5)

    def follow() -> None:
        while not done.is_set() or seen[-1] < writers * 8:
            seen.extend(event.position for event in map(cursor.parse, bodies_of(database, seen[-1])))

    relays = [start(number), start(number)]
    reader = start(follow)
    for writer in [start(lambda n=n: write(n)) for n in range(writers)]:
        writer.result()
    wait_until(lambda: backlog(database).unnumbered == 0, DEADLINE_SECONDS, "everything is numbered")
    done.set()
    for task in [*relays, reader]:
        task.result()
    assert seen == list(range(writers * 8 + 1))
    events = events_of(database)
    assert_unbroken(events)
    for writer in range(writers):
        assert [e.entityversion for e in events if e.subject == f"thing-{writer}"] == list(range(1, 9))


def test_if_the_process_dies_while_numbering_all_or_nothing_has_a_position(database: Database) -> None:
    append(database, 1, 2)

    def die(at: str):
        def point(name: str) -> None:
            if name == at:
                raise KeyboardInterrupt

        return point

    with pytest.raises(KeyboardInterrupt):
        relay.number(database, SOURCE, point=die("number:before-commit"))
    assert backlog(database) == relay.Backlog(unnumbered=2, unpublished=0)
    with pytest.raises(KeyboardInterrupt):
        relay.number(database, SOURCE, point=die("number:after-commit"))
    assert backlog(database) == relay.Backlog(unnumbered=0, unpublished=2)
    assert_unbroken(events_of(database))


def test_what_is_not_confirmed_is_published_again_and_the_mark_never_goes_back(database: Database) -> None:
    fill(database, 3)
    sender = Recorder(confirms=1)
    assert [relay.publish(database, sender, SOURCE, sign_as("origin")) for _ in range(3)] == [1, 1, 1]
    assert positions(sender.sent) == [1, 2, 3, 2, 3, 3]
    relay.mark(database, SOURCE, 1)
    assert backlog(database) == relay.Backlog(0, 0)
    assert relay.publish(database, sender, SOURCE, sign_as("origin")) == 0


def test_while_the_broker_is_away_numbering_goes_on_and_nothing_is_marked(database: Database) -> None:
    class Away:
        def publish(self, messages: Sequence[Message]) -> int:
            raise BrokerAway

    fill(database, 1)
    with pytest.raises(BrokerAway):
        relay.publish(database, Away(), SOURCE, sign_as("origin"))
    fill(database, 1, first=2)
    assert backlog(database) == relay.Backlog(unnumbered=0, unpublished=2)


def test_what_was_published_is_what_the_feed_shows(database: Database) -> None:
    append(database, 1, 2)
    relay.number(database, SOURCE)
    sender = Recorder()
    relay.publish(database, sender, SOURCE, sign_as("origin"))
    assert [message.body for message in sender.sent] == bodies_of(database)


def test_what_is_committed_reaches_a_consumer_once_and_in_order(
    database: Database, reader_database: Database, transport: Broker
) -> None:
    """From the commit to the reader's ledger, over the transport; the process dies once between sending and marking."""
    subscription, publisher, reader = transport.subscribe(), transport.publisher(), reader_of(reader_database)
    routed = Routed(publisher, transport.source)
    fill(database, 3)

    def die(name: str) -> None:
        if name == "publish:before-mark":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relay.publish(database, routed, SOURCE, sign_as("origin"), point=die)
    fill(database, 2, first=4)
    assert relay.publish(database, routed, SOURCE, sign_as("origin")) == 5
    subscription.wait_for(8)
    outcome = cursor.receive(reader, READER, subscription.deliveries())
    assert (outcome.applied, outcome.duplicates) == (5, 3)
    assert (accounts(reader_database), cursor_of(reader_database).position) == ({"thing-1": (5, 5)}, 5)


class Routed:
    """Publishes under the name of the test's own source, so that no other test's queue takes it."""

    def __init__(self, publisher, source: str) -> None:
        self._publisher = publisher
        self._source = source

    def publish(self, messages: Sequence[Message]) -> int:
        """See Transport."""
        return self._publisher.publish(
            [replace(message, routing_key=f"{self._source}.thing.changed") for message in messages]
        )
