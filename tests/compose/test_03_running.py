"""What runs is closed on every side: hardened, apart from one another, and each allowed its own alone."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from email.message import Message
from typing import Any

import pytest

from .installation import BACKING, SERVICES, Failed, Installation, until

TRY_DATABASE = """
import sys, psycopg2
from pathlib import Path
url = Path("/run/secrets/database_url").read_text().replace("+psycopg2", "")
try:
    psycopg2.connect(eval(sys.argv[1])(url), connect_timeout=5)
except psycopg2.OperationalError as error:
    print("refused:", error)
else:
    print("let in")
"""

TRY_BROKER = """
import sys
from pathlib import Path
from amqp.exceptions import AMQPError
from kombu import Connection
with Connection(Path("/run/secrets/amqp_uri").read_text()) as connection:
    MESSAGE = connection.channel().prepare_message("x", content_encoding="utf-8")
    channel = connection.channel()
    try:
        exec(sys.argv[1])
        connection.connection.channel().close()
    except AMQPError as error:
        print("refused:", error)
    else:
        print("let in")
"""


def _in(running: Installation, service: str, *command: str) -> str:
    return running.compose("exec", "-T", service, *command, expect=None).said


def _request(running: Installation, path: str, **headers: str) -> tuple[int, Any, Message]:
    context = ssl.create_default_context(cafile=str(running.root / "deploy/secrets/ca.pem"))
    request = urllib.request.Request(f"https://localhost:{running.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, context=context, timeout=30) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def test_everything_is_healthy_also_the_second_time(running: Installation) -> None:
    assert running.unwell() == []
    running.up()
    assert running.unwell() == []
    until(
        lambda: running.deploy("status", expect=None).code == 0, 180, lambda: running.deploy("status", expect=None).said
    )


def test_one_port_is_published_and_on_this_machine_alone(running: Installation) -> None:
    published = {
        (container["Config"]["Labels"]["com.docker.compose.service"], binding["HostIp"], binding["HostPort"])
        for container in running.containers()
        for bindings in (container["HostConfig"]["PortBindings"] or {}).values()
        for binding in bindings
    }
    assert published == {("gateway", "127.0.0.1", str(running.port))}


def test_every_container_is_hardened(running: Installation) -> None:
    for container in running.containers():
        name, host = container["Name"], container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"], name
        assert host["Memory"] > 0, name
        assert host["NanoCpus"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "5", "max-size": "10m"}}, name
        assert host["RestartPolicy"]["Name"] == ("no" if "migrate" in name else "unless-stopped"), name
        assert int(container["Config"]["User"].split(":")[0]) > 0, name
        assert not [mount for mount in container["Mounts"] if "docker.sock" in mount["Source"]], name
        bound = {mount["Destination"] for mount in container["Mounts"] if mount["Type"] == "bind"}
        assert all(destination.startswith("/run/secrets/") for destination in bound), name


def test_processes_hold_no_capability_and_can_gain_none(running: Installation) -> None:
    for service in (*SERVICES, *BACKING):
        status = _in(running, service, "cat", "/proc/1/status")
        assert "CapEff:\t0000000000000000" in status, service
        assert "NoNewPrivs:\t1" in status, service


def test_an_orphan_in_the_databases_container_is_no_crash_of_the_database(running: Installation) -> None:
    started = running.psql("postgres", "SELECT pg_postmaster_start_time()")
    _in(running, "postgres", "bash", "-c", "(sleep 1; kill -TERM $BASHPID) & exit 0")
    with pytest.raises(Failed, match="not within"):
        until(lambda: running.psql("postgres", "SELECT pg_postmaster_start_time()") != started, 4)
    assert not [line for line in running.logs("postgres") if "was terminated by signal" in line]


def test_inspecting_the_containers_shows_no_secret(running: Installation) -> None:
    shown = json.dumps(running.containers())
    secrets = [path.read_text().strip() for path in (running.root / "deploy/secrets").glob("*_*")]
    assert len(secrets) > 20
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize(
    ("service", "target", "reached"),
    [
        ("registry", "postgres/5432", True),
        ("registry", "rabbitmq/5672", True),
        ("prometheus", "rabbitmq/15692", True),
        ("gateway", "postgres/5432", False),
        ("gateway", "rabbitmq/5672", False),
        ("prometheus", "postgres/5432", False),
        ("rabbitmq", "postgres/5432", False),
        ("postgres", "rabbitmq/5672", False),
        # Erlang's port mapper, and the port by which nodes speak to one another
        ("registry", "rabbitmq/4369", False),
        ("registry", "rabbitmq/25672", False),
    ],
)
def test_who_reaches_whom(running: Installation, service: str, target: str, reached: bool) -> None:
    reach = f"(exec 3<>/dev/tcp/{target}) 2>/dev/null && echo reached"
    assert (_in(running, service, "timeout", "5", "bash", "-c", reach).strip() == "reached") is reached


def test_no_container_but_the_gateway_has_a_way_outside(running: Installation) -> None:
    for container in running.containers():
        networks = list(container["NetworkSettings"]["Networks"])
        shown = json.loads(running.docker("network", "inspect", *networks).out)
        outside = [network["Name"] for network in shown if not network["Internal"]]
        assert outside == ([f"{running.project}_edge"] if "gateway" in container["Name"] else []), container["Name"]


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("another's database", "lambda url: url.replace('/registry', '/finance')"),
        ("the administrator's database", "lambda url: url.replace('/registry', '/postgres')"),
        ("the administrator", "lambda url: url.replace('//registry', '//postgres')"),
        ("another's role", "lambda url: url.replace('//registry', '//finance')"),
    ],
)
def test_a_service_is_not_let_into(running: Installation, what: str, change: str) -> None:
    assert _in(running, "registry", "python3", "-c", TRY_DATABASE, "lambda url: url").strip() == "let in"
    assert _in(running, "registry", "python3", "-c", TRY_DATABASE, change).startswith("refused:"), what


@pytest.mark.parametrize(
    ("what", "action"),
    [
        (
            "publish another's event",
            "channel.basic_publish_confirm(MESSAGE, 'finance.events', 'finance.x')",
        ),
        ("read another's queue", "channel.basic_get('reporting.registry')"),
        ("empty another's queue", "channel.queue_purge('reporting.registry')"),
        ("delete another's queue", "channel.queue_delete('reporting.registry')"),
        ("bind another's queue", "channel.queue_bind('reporting.registry', 'registry.events', '#')"),
        ("make a queue outside its own", "channel.queue_declare('stranger')"),
        ("delete the exchange that it publishes to", "channel.exchange_delete('registry.events')"),
        ("delete the dead letters' exchange", "channel.exchange_delete('reporting.dead')"),
        ("make an exchange", "channel.exchange_declare('stranger', 'topic')"),
        (
            "write to the default exchange",
            "channel.basic_publish_confirm(MESSAGE, '', 'reporting.registry')",
        ),
    ],
)
def test_a_service_may_not(running: Installation, what: str, action: str) -> None:
    said = _in(running, "registry", "python3", "-c", TRY_BROKER, action)
    assert said.startswith("refused:"), said
    assert "403" in said or "ACCESS_REFUSED" in said, said


def test_a_service_may_read_its_own_queue(running: Installation) -> None:
    assert (
        _in(running, "outreach", "python3", "-c", TRY_BROKER, "channel.basic_get('outreach.dead')").strip() == "let in"
    )


def test_metrics_are_named_as_prometheus_wants_them(running: Installation) -> None:
    for service in SERVICES:
        (container,) = running.containers(service)
        page = running.metrics(container)
        assert "hongxia_http_requests_total{" in page
        running.compose("exec", "-T", "prometheus", "promtool", "check", "metrics", input=page)


def test_metrics_are_for_inside(running: Installation) -> None:
    for path in ("/metrics", "/registry/metrics"):
        status, body, headers = _request(running, path)
        assert status == 404
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["type"] == "urn:hongxia:problem:not-found"


def test_the_gateway_refuses_what_is_too_large(running: Installation) -> None:
    context = ssl.create_default_context(cafile=str(running.root / "deploy/secrets/ca.pem"))
    url = f"https://localhost:{running.port}/registry/workbooks/cadres"
    request = urllib.request.Request(
        url, data=b"\0" * 100_000_000, headers={"Authorization": f"Bearer {running.token}"}
    )
    before = running.containers("gateway")
    with pytest.raises((urllib.error.HTTPError, urllib.error.URLError)) as refused:
        urllib.request.urlopen(request, context=context, timeout=60)
    if isinstance(refused.value, urllib.error.HTTPError):
        assert refused.value.code == 413
        assert json.loads(refused.value.read())["detail"].startswith("上传的内容超过 20 MB")
    assert [c["State"]["StartedAt"] for c in running.containers("gateway")] == [c["State"]["StartedAt"] for c in before]


def test_a_page_and_every_service_are_at_the_one_address(running: Installation) -> None:
    status, body, headers = _request(running, "/", Authorization=f"Bearer {running.token}")
    assert status == 200
    assert headers.get_content_type() == "text/html"
    assert "红霞" in body.decode()
    for service in SERVICES:
        status, body, headers = _request(running, f"/{service}/healthz", **{"X-Correlation-ID": f"look.{service}"})
        assert status == 200
        assert json.loads(body)["service"] == service
        assert headers["X-Correlation-ID"] == f"look.{service}"


def test_prometheus_sees_every_service_and_the_broker(running: Installation) -> None:
    def seen() -> set[str]:
        query = ["promtool", "query", "instant", "-o", "json", "http://127.0.0.1:9090", "up == 1"]
        found = running.compose("exec", "-T", "prometheus", *query).out
        return {result["metric"].get("service", result["metric"]["job"]) for result in json.loads(found)}

    until(lambda: seen() >= {*SERVICES, "rabbitmq"}, 60, lambda: str(seen()))
