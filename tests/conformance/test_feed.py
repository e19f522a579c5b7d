"""The feed: the log by position, page by page; by type; from an event's id; Gone for what is no longer kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from hongxia.database import Database
from hongxia.events import feed, outbox, relay
from hongxia.events.envelope import parse
from hongxia.events.feed import Gone, Head, UnknownEvent, View
from tests.conformance.backends import Storage
from tests.conformance.cases import append, assert_unbroken, fill
from tests.keys import sign_as
from tests.races.threads import start
from tests.unit.events_builders import (
    CHANGED,
    CLOSED,
    NOW,
    SOURCE,
    Recorder,
    events_of,
    raise_event,
)

LATER = NOW + timedelta(days=1)
OF_LATER = type(SOURCE)(SOURCE.source, LATER, "of later")


def page(database: Database, *arguments: Any) -> list[int]:
    with database.read() as session:
        return [parse(body).position for body in feed.page(session, *arguments)]


def head(database: Database) -> Head:
    with database.read() as session:
        return feed.head(session)


def drop_before(database: Database, first: int, count: int) -> None:
    """Fill a log with so many events, and drop those below position `first`."""
    append(database, *range(1, first))
    with database.begin(OF_LATER) as session:
        for version in range(first, count + 1):
            raise_event(session, version)
    relay.number(database, SOURCE)
    relay.publish(database, Recorder(), SOURCE, sign_as("origin"))
    feed.forget(database, SOURCE, LATER)


def test_a_page_holds_what_follows_a_position(database: Database) -> None:
    fill(database, 5)
    assert [page(database, 0), page(database, 2, 2), page(database, 4), page(database, 5), page(database, 99)] == [
        [1, 2, 3, 4, 5],
        [3, 4],
        [5],
        [],
        [],
    ]


def test_page_after_page_gives_the_whole_log_once(database: Database) -> None:
    fill(database, 7)
    seen = [0]
    while found := page(database, seen[-1], 3):
        seen += found
    assert seen == list(range(8))
    assert_unbroken(events_of(database))


def test_a_page_may_be_of_one_type(database: Database) -> None:
    with database.begin(SOURCE) as session:
        for version in range(1, 6):
            raise_event(session, version, CLOSED if version % 2 else CHANGED)
    relay.number(database, SOURCE)
    assert page(database, 0, 9, View(CHANGED.type)) == [2, 4]
    assert page(database, 1, 1, View(CLOSED.type)) == [3]
    assert page(database, 0, 9, View("hongxia.origin.thing.unknown.v1")) == []


def test_the_feed_shows_only_what_has_a_position_and_the_head_counts_the_rest(database: Database) -> None:
    (shown,) = fill(database, 1)
    append(database, 2, 3)
    assert page(database, 0) == [1]
    assert head(database) == Head(1, shown.chain, unnumbered=2, first=1)


def test_an_event_that_is_being_written_is_not_seen(storage: Storage) -> None:
    database, other = storage.open(), storage.open()
    fill(database, 1)
    with database.begin(SOURCE) as session:
        raise_event(session, 2)
        outbox.flush(session)
        assert head(other).unnumbered == 0
    assert head(other).unnumbered == 1


def test_a_position_is_found_by_the_events_id(database: Database) -> None:
    fill(database, 2)
    with database.begin(SOURCE) as session:
        waiting = raise_event(session, 3)
    with database.read() as session:
        assert feed.position_of(session, events_of(database)[1].id) == 2
        for unknown in (waiting, "unknown"):
            with pytest.raises(UnknownEvent):
                feed.position_of(session, unknown)


def test_what_is_no_longer_kept_is_gone_by_position_and_by_id_and_the_chain_goes_on(database: Database) -> None:
    drop_before(database, first=3, count=4)
    for after in (0, 1):
        with pytest.raises(Gone) as gone:
            page(database, after)
        assert gone.value.first == 3
    with database.read() as session, pytest.raises(Gone):
        feed.position_of(session, "6f2b0c1e-58a5-5c0e-9d43-1f0a7f6e2c11")
    assert page(database, 2) == [3, 4]
    before = head(database).chain
    append(database, 5)
    relay.number(database, SOURCE)
    with database.read() as session:
        assert parse(feed.page(session, 4)[0]).follows(before)


def test_what_is_not_published_yet_is_kept_however_old_it_is(database: Database) -> None:
    fill(database, 3)
    relay.publish(database, Recorder(confirms=1), SOURCE, sign_as("origin"))
    assert feed.forget(database, SOURCE, LATER) == 1
    assert (page(database, 1), head(database).first) == ([2, 3], 2)
    assert feed.forget(database, SOURCE, NOW - timedelta(days=1)) == 0


def test_only_a_leading_stretch_is_dropped_even_if_the_moments_are_out_of_order(database: Database) -> None:
    """A clock that was put back between two events: what is old lies behind what is new."""
    for context, version in ((OF_LATER, 1), (SOURCE, 2), (OF_LATER, 3)):
        with database.begin(context) as session:
            raise_event(session, version)
    relay.number(database, SOURCE)
    relay.publish(database, Recorder(), SOURCE, sign_as("origin"))
    feed.forget(database, SOURCE, LATER)
    first = head(database).first
    assert page(database, first - 1) == list(range(first, 4))


def test_a_page_read_while_events_are_dropped_is_whole_or_gone(storage: Storage) -> None:
    """Between its two statements another process drops the beginning of the page."""
    database, other = storage.open(), storage.open()
    append(database, 1, 2)
    with database.begin(OF_LATER) as session:
        raise_event(session, 3)
    relay.number(database, SOURCE)
    relay.publish(database, Recorder(), SOURCE, sign_as("origin"))

    @event.listens_for(database.engine, "after_cursor_execute")
    def drop(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "outbox.body" in statement:
            start(lambda: feed.forget(other, SOURCE, LATER)).result()

    try:
        seen = page(database, 0)
    except Gone as gone:
        seen = list(range(gone.first, 4))
        assert gone.first == 3
    assert seen in ([1, 2, 3], [3])
    assert head(database).first == 3


def test_dropping_and_numbering_at_once_keep_the_log_whole(storage: Storage) -> None:
    """Both change the head row; the second waits for the first."""
    database, tasks = storage.open(), []
    drop_before(database, first=2, count=3)
    append(database, 4)

    def drop_meanwhile(name: str) -> None:
        if name == "number:before-commit":
            tasks.append(start(lambda: feed.forget(database, SOURCE, LATER + timedelta(days=1))))
            storage.wait_for_a_waiting_writer()

    relay.number(database, SOURCE, point=drop_meanwhile)
    assert tasks[0].result() == 2
    assert (page(database, 3), head(database).position, head(database).first) == ([4], 4, 4)
