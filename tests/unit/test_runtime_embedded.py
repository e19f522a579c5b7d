"""How a process starts: by itself on a database that fits, or all services in one on a data directory."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from eventlet.green.urllib import request as green_request
from prometheus_client import enable_created_metrics
from sqlalchemy import MetaData

from hongxia.database import migrate
from hongxia.dates import fixed_clock
from hongxia.definition import Definition
from hongxia.http import auth
from hongxia.metrics import Metrics
from hongxia.roles import ADMIN
from hongxia.runtime import green, runner
from hongxia.runtime.container import Container
from hongxia.runtime.host import SETTINGS
from hongxia.runtime.http import MOUNTS
from hongxia.runtime.runner import Embedded, gateway
from hongxia.runtime.service import Service
from hongxia.runtime.unreadable import Protocol
from hongxia.settings import Misconfigured, Settings
from tests.unit.events_builders import NOW
from tests.unit.runtime_builders import DEADLINE
from tests.unit.web_builders import Web


@pytest.fixture
def taken() -> Iterator[str]:
    """An address at which somebody listens already."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def free_address() -> str:
    """An address at which nobody listens."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


FREE = "127.0.0.1:0"


def settings(tmp_path: Path, address: str = FREE) -> Settings:
    url = f"sqlite:///{tmp_path}/one.sqlite3"
    return Settings(url, "memory://", address, "s" * 32, "", "ERROR", fixed_clock(NOW))


class Recorded:
    """In the place of the container: what it was made with, and whether it was started."""

    made: list[Recorded]

    def __init__(self, service: Any, config: dict[str, Any]) -> None:
        self.service, self.config, self.started = service, config, False
        self.made.append(self)

    def start(self) -> None:
        self.started = True
        if MOUNTS in self.config:
            self.config[MOUNTS][self.service.name] = answering(self.service.name)


def answering(name: str) -> Any:
    """A WSGI application that answers its name and the paths that it was called with."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [f"{name} {environ.get('SCRIPT_NAME', '')} {environ['PATH_INFO']}".encode()]

    return application


@pytest.fixture
def containers(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """The containers that are made; nobody waits for their end."""
    monkeypatch.setattr(Recorded, "made", [], raising=False)
    monkeypatch.setattr(runner, "Container", Recorded)
    monkeypatch.setattr(runner, "_until_stopped", lambda containers: waited_for.extend(containers))
    waited_for.clear()
    return Recorded.made


waited_for: list[Recorded] = []
"""The containers for whose end a process would wait."""


def test_a_service_starts_on_a_database_that_has_its_migrations(tmp_path: Path, containers: list[Recorded]) -> None:
    wanted = settings(tmp_path)
    migrate(wanted.database_url, "services.finance:migrations")
    runner.serve("finance", wanted)
    [container] = containers
    assert (container.started, container.service.name) == (True, "finance")
    assert container.config[SETTINGS] is wanted
    assert (container.config["WEB_SERVER_ADDRESS"], container.config["max_workers"]) == (FREE, runner.MAX_WORKERS)
    assert MOUNTS not in container.config
    assert waited_for == [container]


@pytest.mark.parametrize("embedded", [False, True])
def test_no_metric_has_a_second_one_for_the_moment_at_which_it_was_made(
    tmp_path: Path, containers: list[Recorded], embedded: bool
) -> None:
    enable_created_metrics()
    wanted = settings(tmp_path)
    if embedded:
        (tmp_path / "file").write_text("")
        with pytest.raises(Misconfigured):
            runner.serve_embedded(Embedded(tmp_path / "file" / "data", FREE), lambda _token: None)
    else:
        migrate(wanted.database_url, "services.finance:migrations")
        runner.serve("finance", wanted)
    metrics = Metrics()
    metrics.numbered.inc()
    assert b"_created" not in metrics.render()


def test_a_service_does_not_start_on_a_database_without_its_migrations(
    tmp_path: Path, containers: list[Recorded]
) -> None:
    with pytest.raises(Misconfigured, match=r"数据库缺少迁移 .*hongxia migrate"):
        runner.serve("finance", settings(tmp_path))
    assert not containers


def test_a_service_does_not_start_without_its_database(tmp_path: Path, containers: list[Recorded]) -> None:
    with pytest.raises(Misconfigured, match="数据库连不上（DATABASE_URL）：OperationalError"):
        runner.serve("finance", settings(tmp_path / "none"))
    assert not containers


def test_a_service_does_not_wait_long_for_a_silent_database(
    tmp_path: Path, containers: list[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "START_SECONDS", 0.05)
    monkeypatch.setattr(runner, "pending_revision", lambda *_asked: green.sleep(30))
    with pytest.raises(Misconfigured, match="秒内没有应答"):
        runner.serve("finance", settings(tmp_path))
    assert not containers


def test_a_service_does_not_start_at_an_address_that_is_taken(
    tmp_path: Path, containers: list[Recorded], taken: str
) -> None:
    wanted = settings(tmp_path, taken)
    migrate(wanted.database_url, "services.finance:migrations")
    with pytest.raises(Misconfigured, match=f"地址 {taken} 无法监听"):
        runner.serve("finance", wanted)
    assert not containers


def test_embedded_services_keep_one_secret_and_hide_it_from_others(tmp_path: Path) -> None:
    embedded = Embedded(tmp_path, "127.0.0.1:8000")
    written = embedded.write_token()
    found = embedded.settings("finance")
    assert (embedded.url, found.amqp_uri) == ("http://127.0.0.1:8000", "memory://")
    assert found.database_url == f"sqlite:///{tmp_path}/finance.sqlite3"
    assert found.token_secret == Embedded(tmp_path, "127.0.0.1:8001").settings("registry").token_secret
    for name in ("token", "token-secret"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert (tmp_path / "token").read_text() == written
    auth.verify(found.token_secret, f"Bearer {written}").must_have((ADMIN,))


def test_settings_that_are_for_several_machines_do_not_reach_embedded_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_SECRET_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("HONGXIA_CA", str(tmp_path / "none.pem"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere/none")
    found = Embedded(tmp_path, "127.0.0.1:8000").settings("finance")
    assert (found.verify, found.database_url) == (True, f"sqlite:///{tmp_path}/finance.sqlite3")


def test_all_services_start_behind_one_address(
    tmp_path: Path, containers: list[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Any] = []

    class Killed:
        killed = False

        def kill(self) -> None:
            assert waited_for == containers
            Killed.killed = True

    def serve(listener: Any, application: Any, _protocol: Any) -> Killed:
        assert all(container.started for container in containers)
        served.append(application)
        listener.close()
        return Killed()

    tokens: list[str] = []
    address = free_address()
    monkeypatch.setattr(green, "serve_wsgi", serve)
    runner.serve_embedded(Embedded(tmp_path / "data", address), tokens.append)
    assert [container.service.name for container in containers] == [
        "activities",
        "finance",
        "outreach",
        "registry",
        "reporting",
    ]
    assert tokens == [(tmp_path / "data" / "token").read_text()]
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert Killed.killed
    assert len(waited_for) == len(containers) == 5
    assert Web(served[0])("GET", "/").body == b"reporting  /"
    assert {container.config[SETTINGS].http_address for container in containers} == {address}
    runner.serve_embedded(Embedded(tmp_path / "data", address), tokens.append)  # the directory is there already


def test_embedded_services_do_not_start_without_their_directory(tmp_path: Path, containers: list[Recorded]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match=r"数据目录 .* 无法使用"):
        runner.serve_embedded(Embedded(tmp_path / "file" / "data", FREE), lambda _token: None)
    assert not containers


@pytest.mark.parametrize(
    ("path", "prefix", "answer"),
    [
        ("/finance/lines/1", "", b"finance /finance /lines/1"),
        ("/finance", "", b"finance /finance /"),
        ("/finance/lines", "/api", b"finance /api/finance /lines"),
        ("/figures", "", b"reporting  /figures"),
        ("/", "", b"reporting  /"),
    ],
)
def test_each_service_answers_under_its_name_and_one_of_them_everything_else(
    path: str, prefix: str, answer: bytes
) -> None:
    web = Web(gateway({name: answering(name) for name in ("finance", "reporting")}, "reporting"))
    assert web("GET", path, SCRIPT_NAME=prefix).body == answer


def test_without_a_front_service_there_is_nothing_elsewhere() -> None:
    answer = Web(gateway({"finance": answering("finance")}, ""))("GET", "/figures")
    assert (answer.status, answer.is_problem) == (404, True)


def test_the_token_of_the_data_directory_is_good_for_a_month(tmp_path: Path) -> None:
    written = Embedded(tmp_path, FREE).write_token()
    secret = (tmp_path / "token-secret").read_text()
    left = datetime.fromtimestamp(jwt.decode(written, secret, algorithms=["HS256"])["exp"], UTC)
    assert timedelta(days=29) < left - datetime.now(UTC) <= timedelta(days=30)


class DoorService(Service):
    """Has nothing but what every service has."""

    name = "door"
    definition = Definition("门", MetaData(), "services.finance:migrations")


def get(address: str, path: str) -> tuple[int, bytes]:
    """What a server in this very process answers, asked in a green thread."""

    def ask() -> tuple[int, bytes]:
        with green_request.urlopen(f"http://{address}{path}", timeout=DEADLINE) as answer:
            return answer.status, answer.read()

    [found] = green.within(DEADLINE, ask)
    assert found is not None, "no answer"
    return found


def test_a_service_by_itself_listens_at_its_own_address_until_it_is_stopped(tmp_path: Path) -> None:
    address = free_address()
    wanted = settings(tmp_path, address)
    migrate(wanted.database_url, "services.finance:migrations")
    container = Container(DoorService, {SETTINGS: wanted, "WEB_SERVER_ADDRESS": address, "max_workers": 10})
    container.start()
    assert get(address, "/healthz")[0] == 200
    container.stop()
    with pytest.raises(OSError, match=r"(?i)refused"):
        get(address, "/healthz")


def test_an_application_is_served_from_a_listener_that_nobody_shares() -> None:
    address = free_address()
    host, _, port = address.partition(":")
    listener = green.listen((host, int(port)))
    with pytest.raises(OSError, match="in use"):
        green.listen((host, int(port)))
    served = green.serve_wsgi(listener, answering("front"), Protocol)
    assert get(address, "/figures") == (200, b"front  /figures")
    served.kill()
    green.sleep()
    listener.close()
