"""What readers state with their pulls, and what they may leave out and still verify."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hongxia.database import Database
from hongxia.events import chain, outbox, readers, relay
from hongxia.events.chain import GENESIS
from hongxia.events.digest import digest_of
from hongxia.events.readers import AGAIN, AnotherHistory
from hongxia.roles import OPERATOR
from tests.keys import sign_as
from tests.unit.events_builders import CLOSED, DAY, NOW, SOURCE, Recorder, events_of, source_with
from tests.unit.test_events_feed import Api, OriginService


def stated(database: Database) -> list[readers.Statement]:
    with database.read() as session:
        return readers.listed(session)


def test_a_reader_says_what_it_holds_and_its_lag_is_known() -> None:
    database = source_with(5)
    second = events_of(database)[1]
    answer = Api(database).events(after=2, chain=second.chain)
    assert [event["position"] for event in answer.json] == [3, 4, 5]
    (said,) = stated(database)
    assert (said.subject, said.position, said.chain, said.seen, said.lag) == ("somebody", 2, second.chain, NOW, 3)


def test_whoever_asks_for_the_head_alone_may_say_it_too() -> None:
    database = source_with(2)
    last = events_of(database)[-1]
    assert Api(database).get(OriginService.events_head, after=2, chain=last.chain).status_code == 200
    assert [(said.position, said.lag) for said in stated(database)] == [(2, 0)]


@pytest.mark.parametrize(("after", "of"), [(2, 1), (1, 2), (0, 1), (9, 2)])
@pytest.mark.parametrize("method", [OriginService.events, OriginService.events_head])
def test_another_history_is_told_with_both_chains_and_kept_nowhere(method: Any, after: int, of: int) -> None:
    database = source_with(3)
    held = events_of(database)[of - 1].chain
    answer = Api(database).get(method, after=after, chain=held)
    assert (answer.status_code, answer.json["type"]) == (409, "urn:hongxia:problem:another-history")
    assert held in answer.json["detail"]
    assert (answer.json["position"], answer.json["chain"]) == (3, events_of(database)[-1].chain)
    if after <= 3:
        assert ([GENESIS] + [event.chain for event in events_of(database)])[after] in answer.json["detail"]
    assert stated(database) == []


def test_a_reader_before_the_beginning_holds_nothing() -> None:
    database = source_with(1)
    assert Api(database).events(after=0, chain=GENESIS).status_code == 200
    assert [said.lag for said in stated(database)] == [1]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"chain": "0" * 64}, "chain"),
        ({"after": 1, "chain": "x" * 64}, "chain"),
        ({"after": 1, "chain": "0" * 63}, "chain"),
        ({"digests": "true"}, "digests"),
    ],
)
def test_a_statement_that_is_none_is_refused(query: dict[str, str], parameter: str) -> None:
    answer = Api(source_with(1)).events(**query)
    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, parameter)


def test_what_is_no_longer_kept_can_not_be_compared() -> None:
    database = source_with(3)
    kept = events_of(database)
    relay.publish(database, Recorder(), SOURCE, sign_as("origin"))
    with database.begin(SOURCE) as session:
        session.execute(text("DELETE FROM outbox WHERE position < 3"))
        session.execute(text("UPDATE outbox_head SET first = 3"))
    with database.read() as session:
        assert not readers.check(session, 1, "f" * 64)
        assert readers.check(session, 3, kept[2].chain)
        with pytest.raises(AnotherHistory):
            readers.check(session, 3, kept[1].chain)


def test_a_statement_is_written_when_it_says_something_new_or_is_old() -> None:
    database = source_with(2)
    later = replace(SOURCE, now=NOW + timedelta(seconds=5))
    much_later = replace(SOURCE, now=NOW + AGAIN)
    for context, position, seen in (
        (SOURCE, 1, NOW),
        (later, 1, NOW),
        (later, 2, later.now),
        (SOURCE, 2, later.now),
        (much_later, 2, later.now),
        (replace(later, now=later.now + AGAIN), 2, later.now + AGAIN),
    ):
        readers.note(database, context, "civil-affairs", position, events_of(database)[position - 1].chain)
        assert [(said.position, said.seen) for said in stated(database)] == [(position, seen)]


def test_the_operator_sees_readers_and_drops_one_that_reads_no_more() -> None:
    database = source_with(1)
    api = Api(database)
    api.events(after=1, chain=events_of(database)[0].chain)
    assert [said["subject"] for said in api.get(OriginService.list_readers, role=OPERATOR).json] == ["somebody"]
    assert api.get(OriginService.list_readers).status_code == 403
    dropped = OriginService.forget_reader(api.service, api.request("DELETE", OPERATOR, {}), subject="somebody")
    assert (dropped.status_code, dropped.json, stated(database)) == (200, [], [])
    again = OriginService.forget_reader(api.service, api.request("DELETE", OPERATOR, {}), subject="somebody")
    assert again.status_code == 404


def mixed() -> Database:
    """A log of two types of events."""
    database = source_with(2)
    with database.begin(SOURCE) as session:
        outbox.append(session, CLOSED, subject="thing-1", entityversion=3, occurredon=DAY, data={"amount": 3})
    relay.number(database, SOURCE)
    return database


def assert_chained(items: list[dict[str, Any]], head: str) -> None:
    link = GENESIS
    for item in items:
        link = chain.link(
            link, item["position"], bytes.fromhex(item["digest"]) if "digest" in item else digest_of(item)
        )
        assert link == item["chain"]
    assert link == head


def test_a_reader_of_one_type_verifies_over_the_digests_of_the_others() -> None:
    database = mixed()
    items = Api(database).events(type=CLOSED.type, digests="true").json
    assert [sorted(item) == ["chain", "digest", "position"] for item in items] == [True, True, False]
    assert items[2]["type"] == CLOSED.type
    assert_chained(items, events_of(database)[-1].chain)


@pytest.mark.parametrize("without", ["amount", "subject", "subject,amount", "amount,nothing-of-ours"])
def test_a_reader_that_wants_less_verifies_as_well(without: str) -> None:
    database = mixed()
    items = Api(database).events(without=without).json
    for item in items:
        assert ("amount" in item["data"]) == ("amount" not in without)
        assert ("subject" in item) == ("subject" not in without)
        assert "salt" not in item
    assert_chained(items, events_of(database)[-1].chain)


def test_a_full_page_of_digests_has_its_place_as_its_tag() -> None:
    database = mixed()
    answer = Api(database).events(type=CLOSED.type, digests="true", limit=2)
    assert answer.headers["ETag"] == f'"{events_of(database)[1].chain}"'
