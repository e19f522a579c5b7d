"""A whole service in its container: what is injected, what runs beside it, how a source is consumed."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
from eventlet.semaphore import Semaphore
from kombu.transport.virtual import base as virtual
from nameko.extensions import DependencyProvider
from sqlalchemy import MetaData, insert, select
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.definition import Definition
from hongxia.events import relay
from hongxia.events.envelope import Event
from hongxia.events.feed import FeedAway
from hongxia.events.parked import Unappliable
from hongxia.events.tables import outbox_type
from hongxia.http.endpoint import Call
from hongxia.runtime import consume_loop, green
from hongxia.runtime.consume import Consume, consume
from hongxia.runtime.host import Host, HostProvider
from hongxia.runtime.http import route
from hongxia.runtime.relay import RelayRunner
from hongxia.runtime.service import Service
from tests.unit.events_builders import NOW, SOURCE, Near, new_database, raise_event
from tests.unit.runtime_builders import eventually, new_host, sample
from tests.unit.web_builders import Web, running

SECRET_WORDS = "张三的电话"


class DaybookService(Service):
    """Reads one source and writes a row for each event."""

    name = "daybook"
    definition = Definition("账本", MetaData(), "services.finance:migrations", clear=lambda _session, _source: None)

    @consume("origin")
    def from_origin(self, session: Session, events: Sequence[Event]) -> None:
        """Whatever happens there."""
        for event in events:
            if event.data["amount"] == 20:
                raise Unappliable("amount-refused")
            if event.data["amount"] == 30:
                raise ValueError(SECRET_WORDS)
            row = {"type": event.id, "typeposition": event.position}
            session.execute(insert(outbox_type).values(row))

    @route("GET", "/fails", summary="出错", public=True)
    def fails(self, call: Call) -> None:
        """An error of ours."""
        raise ValueError(SECRET_WORDS)


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> Database:
    """The source that the service reads; its feed is near."""
    database = new_database()
    begin = Database.__init__

    def cooperative(self: Database, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        self._writer = Semaphore()  # here the standard library's lock is not patched, and would stop all threads

    monkeypatch.setattr(Database, "__init__", cooperative)
    monkeypatch.setattr(virtual, "sleep", green.sleep)
    monkeypatch.setattr(consume_loop, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(consume_loop, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(Host, "feed", lambda _host, _source, _timeout=30.0: Near(database))
    return database


def commit(database: Database, *versions: int) -> None:
    with database.begin(SOURCE) as session:
        for version in versions:
            raise_event(session, version)
    relay.number(database, SOURCE)


def host_of(container: Any) -> Host:
    [provider] = [one for one in container.dependencies if isinstance(one, HostProvider)]
    found: Host = provider.hosting.host
    return found


def test_events_reach_the_method_in_the_cursors_transaction_and_those_at_fault_are_parked(
    origin: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    commit(origin, 1, 2, 3, 4)
    with caplog.at_level(logging.DEBUG), running(DaybookService, tmp_path) as (container, mounts):
        host = host_of(container)
        web = Web(mounts["daybook"])
        eventually(lambda: sample(host, "events_applied_total", source="origin") == 2, "two are applied")
        with host.database.read() as session:
            written = session.scalars(select(outbox_type.c.typeposition).order_by(outbox_type.c.typeposition)).all()
        assert written == [1, 4]
        listed = json.loads(web("GET", "/parked").body)["items"]
        assert [(row["position"], row["reason"]) for row in listed] == [(2, "amount-refused"), (3, "failed")]
        [cursor] = json.loads(web("GET", "/cursors").body)
        assert (cursor["source"], cursor["position"], cursor["parked"]) == ("origin", 4, 2)
        commit(origin, 5)
        eventually(lambda: sample(host, "events_applied_total", source="origin") == 3, "the queue goes on")
        replayed = json.loads(web("POST", "/parked/replay").body)
        assert replayed == {"applied": 0, "still_parked": 2}
    assert SECRET_WORDS not in caplog.text


def test_an_error_of_ours_is_logged_by_its_place_and_not_by_its_text(
    origin: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[dict[str, Any]] = []
    with running(DaybookService, tmp_path) as (container, mounts):
        host = host_of(container)
        monkeypatch.setattr(host, "log", _Log(logged))
        answer = Web(mounts["daybook"])("GET", "/fails")
    assert (answer.status, answer.is_problem) == (500, True)
    [failed] = [line for line in logged if line["event"] == "request failed"]
    assert failed["error"] == "ValueError"
    assert isinstance(failed["where"], list)
    assert all(isinstance(place, str) for place in failed["where"])
    place, _, line = failed["where"][-1].rpartition(":")
    assert place == "unit/test_runtime_container.py"
    source = Path(__file__).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert source.strip() == "raise ValueError(SECRET_WORDS)"
    assert SECRET_WORDS not in str(logged)
    json.dumps(failed)


class _Log:
    def __init__(self, logged: list[dict[str, Any]]) -> None:
        self.logged = logged

    def error(self, event: str, **more: Any) -> None:
        self.logged.append({"event": event, **more})

    warning = info = error

    def bind(self, **_more: Any) -> _Log:
        return self


def test_what_is_injected_runs_nothing_and_what_runs_injects_nothing(origin: Database, tmp_path: Path) -> None:
    with running(DaybookService, tmp_path) as (container, _mounts):
        assert [type(one) for one in container.dependencies] == [HostProvider]
        runners = [one for one in container.extensions if isinstance(one, RelayRunner | Consume)]
        assert sorted(type(one).__name__ for one in runners) == ["Consume", "RelayRunner"]
        assert not any(isinstance(one, DependencyProvider) for one in runners)
        threads = sorted(container._managed_threads.values())
        assert threads == ["consume origin", "relay"]
        hosts = {id(one.hosting.host) for one in [*container.dependencies, *runners]}
        assert len(hosts) == 1, "one Host for all of a container"


def test_the_relay_runs_in_every_container_without_a_word_of_the_service(origin: Database, tmp_path: Path) -> None:
    with running(DaybookService, tmp_path) as (container, _mounts):
        host = host_of(container)
        with host.database.begin(SOURCE) as session:
            raise_event(session)
        eventually(lambda: sample(host, "relay_published_total") == 1, "its own event is published")
        assert sample(host, "relay_active") == 1
    assert sample(host, "relay_active") == 0


@pytest.mark.parametrize(("verify", "expected"), [({}, True), ({"verify": "/etc/ca.pem"}, "/etc/ca.pem")])
def test_a_feed_of_another_service_is_believed_by_the_ca_that_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, verify: dict[str, str], expected: str | bool
) -> None:
    asked: list[dict[str, Any]] = []

    def get(_session: Any, url: str, **options: Any) -> Any:
        asked.append({"url": url, **options})
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "get", get)
    host = new_host("sqlite://", **verify)
    with pytest.raises(FeedAway):
        host.feed("registry", 3.0).head()
    assert [(one["verify"], one["timeout"]) for one in asked] == [(expected, 3.0)]
    assert host.clock() == NOW
