from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import pytest
from sqlalchemy import text

from hongxia.database import Database
from hongxia.events import relay
from hongxia.events.envelope import parse
from hongxia.events.transport import BrokerAway, Message
from tests.unit.events_builders import CLOSED, SOURCE, Recorder, events_of, new_database, raise_event, source_with


def raise_versions(database: Database, *versions: int) -> None:
    with database.begin(SOURCE) as session:
        for version in versions:
            raise_event(session, version)


def published(database: Database) -> int:
    with database.read() as session:
        return session.scalars(text("SELECT published FROM outbox_head")).one()


def positions(sent: Sequence[Message]) -> list[int]:
    return [parse(message.body).position for message in sent]


def test_positions_follow_the_commits_without_a_gap() -> None:
    database = new_database()
    raise_versions(database, 1, 2)
    assert relay.number(database, SOURCE) == 2
    with pytest.raises(RuntimeError), database.begin(SOURCE) as session:
        raise_event(session, 3)
        raise RuntimeError
    raise_versions(database, 4)
    assert relay.number(database, SOURCE) == 1
    assert [(event.position, event.entityversion) for event in events_of(database)] == [(1, 1), (2, 2), (3, 4)]


def test_each_type_has_positions_of_its_own() -> None:
    database = new_database()
    with database.begin(SOURCE) as session:
        raise_event(session, 1)
        raise_event(session, 2, CLOSED)
        raise_event(session, 3)
    relay.number(database, SOURCE, limit=2)
    relay.number(database, SOURCE, limit=2)
    assert [(event.position, event.typeposition) for event in events_of(database)] == [(1, 1), (2, 1), (3, 2)]


def test_a_batch_is_no_larger_than_asked_for() -> None:
    database = new_database()
    raise_versions(database, 1, 2, 3)
    assert [relay.number(database, SOURCE, limit=2) for _ in range(3)] == [2, 1, 0]


def test_nothing_is_numbered_if_the_process_dies_before_the_commit() -> None:
    database = new_database()
    raise_versions(database, 1)

    def die(point: str) -> None:
        if point == "number:before-commit":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relay.number(database, SOURCE, point=die)
    with database.read() as session:
        assert relay.backlog(session) == relay.Backlog(unnumbered=1, unpublished=0)


def test_events_are_published_in_order_under_the_key_of_their_type() -> None:
    database, transport = source_with(3), Recorder()
    assert relay.publish(database, transport, SOURCE) == 3
    assert positions(transport.sent) == [1, 2, 3]
    assert {message.routing_key for message in transport.sent} == {"origin.thing.changed"}
    assert published(database) == 3
    assert relay.publish(database, transport, SOURCE) == 0


def test_what_was_not_confirmed_is_published_again() -> None:
    database, transport = source_with(3), Recorder(confirms=1)
    assert relay.publish(database, transport, SOURCE) == 1
    assert relay.publish(database, transport, SOURCE) == 1
    assert positions(transport.sent) == [1, 2, 3, 2, 3]
    assert published(database) == 2


def test_nothing_is_marked_while_the_broker_is_away_or_confirms_nothing() -> None:
    class Away:
        def publish(self, messages: Sequence[Message]) -> NoReturn:
            raise BrokerAway

    database = source_with(2)
    with pytest.raises(BrokerAway):
        relay.publish(database, Away(), SOURCE)
    assert relay.publish(database, Recorder(confirms=0), SOURCE) == 0
    assert published(database) == 0


def test_the_mark_never_goes_back() -> None:
    database = source_with(3)
    relay.mark(database, SOURCE, 3)
    relay.mark(database, SOURCE, 1)
    assert published(database) == 3


def test_the_backlog_is_what_has_no_number_and_what_is_not_confirmed() -> None:
    database = source_with(3)
    relay.publish(database, Recorder(confirms=1), SOURCE)
    raise_versions(database, 4)
    with database.read() as session:
        assert relay.backlog(session) == relay.Backlog(unnumbered=1, unpublished=2)
