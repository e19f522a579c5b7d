from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import pytest
from sqlalchemy import text

from hongxia.database import Database
from hongxia.events import relay
from hongxia.events.envelope import parse
from hongxia.events.transport import BrokerAway, Message
from tests.keys import sign_as
from tests.unit.events_builders import SOURCE, Recorder, new_database, raise_event, source_with


def raise_versions(database: Database, *versions: int) -> None:
    with database.begin(SOURCE) as session:
        for version in versions:
            raise_event(session, version)


def published(database: Database) -> int:
    with database.read() as session:
        return session.scalars(text("SELECT published FROM outbox_head")).one()


def positions(sent: Sequence[Message]) -> list[int]:
    return [parse(message.body).position for message in sent]


def test_a_batch_is_no_larger_than_asked_for() -> None:
    database = new_database()
    raise_versions(database, 1, 2, 3)
    assert [relay.number(database, SOURCE, limit=2) for _ in range(3)] == [2, 1, 0]


def test_events_are_published_in_order_under_the_key_of_their_type() -> None:
    database, transport = source_with(3), Recorder()
    assert relay.publish(database, transport, SOURCE, sign_as("origin")) == 3
    assert positions(transport.sent) == [1, 2, 3]
    assert {message.routing_key for message in transport.sent} == {"origin.thing.changed"}
    assert published(database) == 3
    assert relay.publish(database, transport, SOURCE, sign_as("origin")) == 0


def test_nothing_is_marked_while_the_broker_is_away_or_confirms_nothing() -> None:
    class Away:
        def publish(self, messages: Sequence[Message]) -> NoReturn:
            raise BrokerAway

    database = source_with(2)
    with pytest.raises(BrokerAway):
        relay.publish(database, Away(), SOURCE, sign_as("origin"))
    assert relay.publish(database, Recorder(confirms=0), SOURCE, sign_as("origin")) == 0
    assert published(database) == 0


def test_the_backlog_is_what_has_no_number_and_what_is_not_confirmed() -> None:
    database = source_with(3)
    relay.publish(database, Recorder(confirms=1), SOURCE, sign_as("origin"))
    raise_versions(database, 4)
    with database.read() as session:
        assert relay.backlog(session) == relay.Backlog(unnumbered=1, unpublished=2)
