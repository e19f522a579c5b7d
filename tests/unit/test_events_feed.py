from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import requests
from sqlalchemy import MetaData
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from hongxia.database import Database
from hongxia.dates import fixed_clock
from hongxia.definition import Definition
from hongxia.events import cursor, feed, heads, relay
from hongxia.events.chain import GENESIS
from hongxia.events.cursor import Consumer
from hongxia.events.envelope import BATCH_CONTENT_TYPE, NotAnEvent, parse
from hongxia.events.feed import FeedAway, Gone
from hongxia.events.subscribe import HttpFeed
from hongxia.roles import OPERATOR, SUBSCRIBER
from hongxia.runtime.host import Host
from hongxia.runtime.service import Service
from hongxia.settings import Settings
from tests import keys
from tests.keys import prove_of, sign_as
from tests.unit.events_builders import (
    CHANGED,
    CLOSED,
    NOW,
    READER,
    SOURCE,
    Near,
    Recorder,
    bodies_of,
    events_of,
    new_database,
    raise_event,
    source_with,
)

LATER = NOW + timedelta(days=1)


def positions(bodies: Sequence[bytes]) -> list[int]:
    return [parse(body).position for body in bodies]


def page(database: Database, *arguments: Any) -> list[int]:
    with database.read() as session:
        return positions(feed.page(session, *arguments))


def forgotten(count: int, first: int) -> Database:
    """A source with so many events, of which those before `first` are not kept any more."""
    database = new_database()
    for version in range(1, count + 1):
        context = SOURCE if version < first else type(SOURCE)(SOURCE.source, LATER, "c")
        with database.begin(context) as session:
            raise_event(session, version)
    relay.number(database, SOURCE)
    relay.publish(database, Recorder(), SOURCE, sign_as("origin"))
    feed.forget(database, SOURCE, LATER)
    return database


def test_long_polling_waits_until_there_is_something_or_the_time_is_over() -> None:
    found, waits = iter([[], [], [b"x"]]), []
    assert feed.wait_for_page(lambda: next(found), waits.append, 5, 0.1) == [b"x"]
    assert waits == [0.1, 0.1]
    assert feed.wait_for_page(list, waits.append, 0) == []
    assert feed.wait_for_page(list, waits.append, 0.2, 0.1) == []


class OriginService(Service):
    """A service with nothing but what every service has."""

    name = "origin"
    definition = Definition("来源", MetaData(), "services.finance:migrations", events=(CHANGED, CLOSED))


class Api:
    """The service's feed, called as over HTTP."""

    def __init__(self, database: Database) -> None:
        self.settings = Settings("sqlite://", "memory://", "", *keys.pair("registry"), "", "ERROR", fixed_clock(NOW))
        self.service: Service = OriginService()
        self.service.host = Host("origin", OriginService.definition, self.settings)
        self.service.host.database = database

    def get(self, method: Any, role: str = SUBSCRIBER, **query: Any) -> Response:
        return method(self.service, self.request("GET", role, query))

    def post(self, method: Any, **path: str) -> Response:
        return method(self.service, self.request("POST", OPERATOR, {}), **path)

    def request(self, method: str, role: str, query: dict[str, Any], **headers: str) -> Request:
        token = keys.token(role)
        sent = {"Authorization": f"Bearer {token}", **headers}
        return Request(EnvironBuilder("/", method=method, headers=sent, query_string=query).get_environ())

    def events(self, **query: Any) -> Response:
        return self.get(OriginService.events, **query)


def test_the_feed_answers_as_http_feeds_says() -> None:
    api = Api(source_with(3))
    answer = api.events(limit=2)
    assert (answer.status_code, answer.content_type) == (200, BATCH_CONTENT_TYPE)
    first, second = answer.json
    assert [event["position"] for event in api.events(lastEventId=first["id"]).json] == [2, 3]
    assert [event["position"] for event in api.events(after=second["position"]).json] == [3]
    assert (answer.headers["Cache-Control"], answer.headers["ETag"]) == ("private, max-age=60", f'"{second["chain"]}"')
    assert api.events(limit=9).headers["Cache-Control"] == "no-store"


def test_the_feed_tells_what_is_gone_unknown_or_wrong() -> None:
    api = Api(forgotten(3, first=3))
    gone = api.events(after=0)
    assert (gone.status_code, gone.json["type"], gone.json["first"]) == (410, "urn:hongxia:problem:gone", 3)
    dropped = api.events(lastEventId="6f2b0c1e-58a5-5c0e-9d43-1f0a7f6e2c11")
    assert (dropped.status_code, dropped.json["first"]) == (410, 3)
    api = Api(source_with(3))
    unknown = api.events(lastEventId="6f2b0c1e-58a5-5c0e-9d43-1f0a7f6e2c11")
    assert (unknown.status_code, unknown.json["errors"][0]["parameter"]) == (404, "lastEventId")
    for wrong in ({"lastEventId": "x"}, {"after": -1}, {"limit": 0}, {"limit": "many"}, {"timeout": -1}):
        answer = api.events(**wrong)
        assert (answer.status_code, [error["parameter"] for error in answer.json["errors"]]) == (422, list(wrong))
    both = api.events(lastEventId="6f2b0c1e-58a5-5c0e-9d43-1f0a7f6e2c11", after=0)
    assert (both.status_code, [error["parameter"] for error in both.json["errors"]]) == (422, ["after"])
    assert api.get(OriginService.events, role="records").status_code == 403


def test_a_full_page_that_is_still_the_same_is_not_sent_again() -> None:
    api = Api(source_with(3))
    etag = api.events(limit=2).headers["ETag"]

    def asked(**query: Any) -> Response:
        request = api.request("GET", SUBSCRIBER, query, **{"If-None-Match": etag})
        return OriginService.events(api.service, request)

    again = asked(limit=2)
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", etag)
    assert asked(limit=3).status_code == 200
    with api.service.host.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET chain = '" + "0" * 64 + "' WHERE position = 2")
    assert asked(limit=2).status_code == 200


def test_a_poll_waits_no_longer_than_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(feed, "wait_for_page", lambda _read, _sleep, timeout: waits.append(timeout) or [])
    assert [Api(new_database()).events(timeout=timeout).status_code for timeout in (5, 10**9)] == [200, 200]
    assert waits == [0.005, 30]


class ReaderService(Service):
    """Learns of things from origin."""

    name = "reader"
    forgotten: ClassVar[list[str]] = []
    definition = Definition(
        "读者",
        MetaData(),
        "services.finance:migrations",
        clear=lambda _session, source: ReaderService.forgotten.append(source),
    )


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Api:
    """A service that has read two events of origin."""
    api = Api(new_database())
    api.service = ReaderService()
    api.service.host = Host("reader", ReaderService.definition, api.settings)
    api.service.host.database = new_database()
    consumer = Consumer(api.service.host.database, "origin", lambda _session, _events: None, prove_of("origin"))
    api.service.host.consumers["origin"] = consumer
    cursor.apply(consumer, READER, events_of(source_with(2)))
    monkeypatch.setattr(ReaderService, "forgotten", [])
    return api


def reset(reader: Api, near: Near) -> tuple[Response, int, list[str]]:
    """What a reset answers, where the cursor stands then, and what was forgotten."""
    reader.service.host.feed = lambda _source: near  # type: ignore[method-assign, assignment, return-value]
    answer = reader.post(ReaderService.reset_cursor, source="origin")
    return answer, cursor.position(reader.service.host.consumers["origin"]), ReaderService.forgotten


def test_a_source_is_read_from_its_beginning_anew(reader: Api) -> None:
    answer, position, dropped = reset(reader, Near(source_with(3)))
    assert (answer.json, position, dropped) == ({"source": "origin", "status": "rereading"}, 0, ["origin"])


def test_a_source_that_has_forgotten_its_beginning_is_not_read_anew(reader: Api) -> None:
    answer, position, dropped = reset(reader, Near(forgotten(3, first=3)))
    assert (answer.status_code, answer.json["type"]) == (409, "urn:hongxia:problem:feed-incomplete")
    assert (answer.json["first"], position, dropped) == (3, 2, [])


def test_a_source_that_does_not_answer_is_not_read_anew(reader: Api) -> None:
    near = Near(source_with(3))
    near.away = True
    answer, position, dropped = reset(reader, near)
    assert (answer.status_code, position, dropped) == (503, 2, [])


def test_the_head_is_told_to_subscribers() -> None:
    answer = Api(new_database()).get(OriginService.events_head)
    said = answer.json
    assert {name: said[name] for name in ("position", "chain", "unnumbered", "first")} == {
        "position": 0,
        "chain": GENESIS,
        "unnumbered": 0,
        "first": 1,
    }
    head = heads.read(said)
    assert head is not None
    assert heads.is_proved(head, keys.public_keys(), "registry")


class Web:
    """Answers a subscriber's requests by a service, or by what it is told to."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.answer: Response | Exception | None = None

    def get(
        self, url: str, params: dict[str, Any], headers: dict[str, str], timeout: float, verify: str | bool
    ) -> requests.Response:
        assert headers["Authorization"] == "Bearer token"
        assert verify is True
        if isinstance(self.answer, Exception):
            raise self.answer
        method = OriginService.events_head if url.endswith("/head") else OriginService.events
        answer = self.answer or self.api.get(method, **params)
        made = requests.Response()
        made.status_code, made._content, made.encoding = answer.status_code, answer.get_data(), "utf-8"
        return made


@pytest.fixture
def web() -> Web:
    return Web(Api(source_with(3)))


@pytest.fixture
def subscriber(web: Web, monkeypatch: pytest.MonkeyPatch) -> HttpFeed:
    found = HttpFeed("http://origin", lambda: "token")
    monkeypatch.setattr(found, "_session", web)
    return found


def test_a_subscriber_reads_the_very_bytes_that_the_broker_carries(web: Web, subscriber: HttpFeed) -> None:
    database = web.api.service.host.database
    assert [event.body for event in subscriber.page(0, 10)] == bodies_of(database)
    assert subscriber.head().position == 3
    chain = GENESIS
    for found in subscriber.page(0, 10):
        assert found.follows(chain)
        chain = found.chain


def test_a_subscriber_is_told_what_is_gone(web: Web, subscriber: HttpFeed) -> None:
    web.api.service.host.database = forgotten(3, first=3)
    with pytest.raises(Gone) as gone:
        subscriber.page(0, 10)
    assert gone.value.first == 3


def test_what_is_no_event_in_a_feed_is_told_from_one(web: Web, subscriber: HttpFeed) -> None:
    for body in ("[1]", '[{"id": "x"}]', '["\\ud800"]'):
        web.answer = Response(body)
        with pytest.raises(NotAnEvent):
            subscriber.page(0, 10)


@pytest.mark.parametrize(
    "answer",
    [
        Response("down for maintenance", 200),
        Response("", 200),
        Response("{}", 200),
        Response("null", 200),
        Response("7", 200),
        Response("gone", 410),
        Response(json.dumps({"first": "x"}), 410),
        Response("[]", 410),
        Response("bad gateway", 502),
        Response("", 401),
        requests.ConnectionError(),
        requests.Timeout(),
    ],
)
def test_whatever_is_no_answer_of_a_feed_means_that_it_is_away(
    web: Web, subscriber: HttpFeed, answer: Response | Exception
) -> None:
    web.answer = answer
    with pytest.raises(FeedAway):
        subscriber.page(0, 10)
    with pytest.raises(FeedAway):
        subscriber.head()
