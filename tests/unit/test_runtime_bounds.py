"""Figures and small decisions of the runtime that nobody notices until they are wrong: waits, lifetimes, warnings."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from sqlalchemy import MetaData

from hongxia.database import migrate
from hongxia.dates import fixed_clock
from hongxia.definition import Definition
from hongxia.http import auth
from hongxia.http.endpoint import CORRELATION
from hongxia.roles import SUBSCRIBER
from hongxia.runtime import consume_loop, relay, sending
from hongxia.runtime.consume import Consume
from hongxia.runtime.container import Container
from hongxia.runtime.host import FEED_TOKEN_LIFETIME, SETTINGS, Host
from hongxia.runtime.http import Server
from hongxia.runtime.service import Service, _broker_state
from hongxia.settings import Settings
from tests import keys
from tests.unit.amqp_peer import CLOSE, Peer
from tests.unit.events_builders import NOW
from tests.unit.runtime_builders import DEADLINE, NO_BROKER, file_url, new_host
from tests.unit.web_builders import Web, running


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = new_host(file_url(tmp_path))
    yield made
    made.database.close()


@pytest.mark.parametrize(
    "seconds",
    [consume_loop.IDLE_SECONDS, consume_loop.CHECK_SECONDS, relay.POLL_SECONDS, sending.IDLE_SECONDS],
    ids=["idle", "check", "poll", "send"],
)
def test_an_idle_loop_neither_spins_nor_sleeps_through_what_it_is_to_notice(seconds: float) -> None:
    assert 0.5 <= seconds <= 10


def test_the_token_for_a_feed_is_good_for_as_long_as_a_slow_page_takes_and_for_nothing_else(host: Host) -> None:
    claims = jwt.decode(host.feed_token("ledger"), options={"verify_signature": False})
    assert (claims["iss"], claims["aud"], claims["roles"]) == (host.name, "ledger", [SUBSCRIBER])
    left = datetime.fromtimestamp(claims["exp"], UTC) - datetime.now(UTC)
    slowest_page = timedelta(seconds=30)
    assert 2 * slowest_page < left <= FEED_TOKEN_LIFETIME <= auth.LONGEST_SERVICE_LIFE


def test_an_error_is_placed_by_its_last_few_frames_and_by_the_last_above_all(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr(host, "log", _Log(logged))

    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise KeyError("a name that must not be logged")

    try:
        deep(20)
    except KeyError as error:
        host.failed(_Route(), error)  # type: ignore[arg-type]
    [line] = logged
    last = (
        Path(__file__)
        .read_text(encoding="utf-8")
        .splitlines()
        .index('        raise KeyError("a name that must not be logged")')
    )
    assert line["where"][-1] == f"unit/test_runtime_bounds.py:{last + 1}"
    assert 2 <= len(line["where"]) <= 10
    assert "name" not in str(line)


class _Log:
    def __init__(self, logged: list[dict[str, Any]]) -> None:
        self.logged = logged

    def error(self, event: str, **more: Any) -> None:
        self.logged.append({"event": event, **more})


class _Route:
    url = "/fails"


class BareService(Service):
    """Has nothing but what every service has."""

    name = "bare"
    definition = Definition("空", MetaData(), "services.finance:migrations")


@pytest.fixture
def impatient() -> Iterator[None]:
    """A library has limited how long any socket waits, as kombu does now and then."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(0.05)
    yield
    socket.setdefaulttimeout(before)


def test_a_server_listens_without_a_limit_whatever_a_library_has_set(tmp_path: Path, impatient: None) -> None:
    url = file_url(tmp_path)
    migrate(url, BareService.definition.migrations)
    settings = Settings(url, "memory://", "127.0.0.1:0", *keys.pair("bare"), "", "ERROR", fixed_clock(NOW))
    config = {SETTINGS: settings, "WEB_SERVER_ADDRESS": "127.0.0.1:0", "max_workers": 10}
    container = Container(BareService, config)
    container.start()
    try:
        [server] = {id(one): one for one in container.subextensions if isinstance(one, Server)}.values()
        assert server._sock.gettimeout() is None
    finally:
        container.stop()


class _Container:
    """A container whose worker fails outside the method: `failed` is what nameko hands over."""

    def __init__(self, failed: Any) -> None:
        self.failed = failed
        self.given: Any = None

    def spawn_worker(self, _entrypoint: Any, _arguments: Any, _more: Any, *, handle_result: Callable[..., Any]) -> None:
        self.given = handle_result(None, *self.failed)


@pytest.mark.parametrize(
    ("failed", "raised"),
    [
        ((None, None), None),
        ((ValueError("handed back"), None), ValueError),
        ((None, (KeyError, KeyError("of nameko"), None)), KeyError),
    ],
    ids=["nothing", "handed back", "of nameko"],
)
def test_events_are_applied_only_if_neither_the_method_nor_nameko_failed(failed: Any, raised: Any) -> None:
    entrypoint = Consume("origin")
    entrypoint.container = _Container(failed)
    if raised is None:
        entrypoint._handle(None, [])  # type: ignore[arg-type]
    else:
        with pytest.raises(raised):
            entrypoint._handle(None, [])  # type: ignore[arg-type]
    assert entrypoint.container.given == failed, "nameko goes on with what it gave"


def test_whoever_asks_whether_a_service_is_ready_leaves_no_connection_to_the_broker_behind(tmp_path: Path) -> None:
    with Peer(polite=True) as peer:
        host = new_host(file_url(tmp_path), peer.uri)
        assert _broker_state(host) == "ok"
        assert peer.ended.wait(DEADLINE), "its socket is closed"
        assert peer.methods[-1] == CLOSE, "in good order, so that the broker logs no fault"
        host.publisher_connected = lambda: True
        before = len(peer.methods)
        assert _broker_state(host) == "ok"
        assert len(peer.methods) == before, "the relay's connection says enough"


def test_a_broker_that_is_away_is_named_and_what_was_begun_is_closed(tmp_path: Path) -> None:
    assert _broker_state(new_host(file_url(tmp_path), NO_BROKER)).startswith("away: ")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A service that has nothing but what every service has."""
    with running(BareService, tmp_path_factory.mktemp("bare")) as (_container, mounts):
        yield Web(mounts["bare"])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/healthz", "GET, HEAD"), ("PUT", "/parked/replay", "POST"), ("POST", "/events/head", "GET, HEAD")],
)
def test_who_uses_a_wrong_method_is_told_which_ones_there_are(bare: Web, method: str, path: str, allowed: str) -> None:
    answer = bare(method, path)
    assert (answer.status, answer.headers["Allow"], answer.is_problem) == (405, allowed, True)
    assert allowed in json.loads(answer.body)["detail"]


@pytest.mark.parametrize(
    ("path", "environ", "status"),
    [("/nothing", {}, 404), ("/healthz", {"HTTP_HOST": "a..b"}, 400)],
    ids=["no route", "no host"],
)
def test_what_no_route_answers_can_be_found_by_its_correlation_id(
    bare: Web, path: str, environ: dict[str, str], status: int
) -> None:
    named = bare("GET", path, **environ, HTTP_X_CORRELATION_ID="00000000-0000-4000-8000-000000000001")
    assert (named.status, named.is_problem) == (status, True)
    assert named.headers[CORRELATION] == "00000000-0000-4000-8000-000000000001"
