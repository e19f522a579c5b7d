"""The platform on real servers: what goes wrong around events, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from kombu import Connection
from marshmallow import fields
from sqlalchemy import make_url, text

from demo.generate import main as generate
from hongxia import ids
from hongxia.events.context import Context
from hongxia.events.declare import EventData, EventType
from hongxia.events.outbox import append
from tests.e2e.bridge import Bridge
from tests.e2e.bureau import Bureau, running_bureau, token
from tests.servers import PostgreSQL, RabbitMQ, free_port, wait_until

DEADLINE = 60


@pytest.fixture
def fresh(rabbitmq: RabbitMQ, postgres: PostgreSQL, tmp_path: Path) -> Iterator[Bureau]:
    """A deployment that this test may spoil."""
    with running_bureau(rabbitmq, postgres, tmp_path) as running:
        yield running


def post(bureau: Bureau, service: str, path: str, body: Any, address: str | None = None) -> requests.Response:
    """A POST with all roles."""
    url = f"http://{address or bureau.addresses[service]}{path}"
    return requests.post(url, json=body, headers={"Authorization": f"Bearer {token('admin')}"}, timeout=30)


def approve_line(bureau: Bureau, number: str, initial: str = "100.00", pays_aid: bool = False) -> str:
    """A budget line of 2022."""
    body = {
        "year": 2022,
        "line_no": number,
        "name": "活动经费",
        "expenditure_class": "project",
        "initial": initial,
        "approved_on": "2022-01-01",
        "pays_aid": pays_aid,
    }
    response = post(bureau, "finance", "/budget-lines", body)
    assert response.status_code == 201, response.text
    line: str = response.json()["id"]
    return line


def raise_event(bureau: Bureau, service: str, name: str, data: dict[str, Any], version: int = 1) -> None:
    """Commit an event into a service's own outbox, as a later release of that service might."""
    schema = EventData.from_dict({key: fields.Raw() for key in data})
    declared = EventType(name, version, schema, "", "")  # type: ignore[arg-type]
    database = bureau.database(service)
    context = Context(f"urn:hongxia:test:{service}", datetime.now(UTC), ids.new_id())
    with database.begin(context) as session:
        append(session, declared, subject=ids.new_id(), entityversion=1, occurredon=date(2022, 5, 1), data=data)
    database.close()


def cursor(bureau: Bureau, source: str) -> dict[str, Any]:
    """Reporting's cursor of a source."""
    return next(c for c in bureau.client.get("reporting", "/cursors") if c["source"] == source)


def test_a_line_is_never_overspent_by_vouchers_that_come_at_once(fresh: Bureau) -> None:
    line = approve_line(fresh, "YS-1", "10.00")

    def spend(number: int) -> int:
        body = {"line_id": line, "voucher_no": f"PZ-{number}", "amount": "1.00", "spent_on": "2022-02-01"}
        return post(fresh, "finance", "/expenditures", body).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(spend, range(32)))
    assert sorted(set(statuses)) == [201, 422]
    assert statuses.count(201) == 10
    assert fresh.client.get("finance", f"/budget-lines/{line}")["balance"] == "0.00"
    fresh.wait_level()
    assert fresh.figures(2022)["finance.executed.total"]["value"] == "0.001"


def test_one_key_sent_many_times_at_once_makes_one_record(fresh: Bureau) -> None:
    line = approve_line(fresh, "YS-1")
    body = {"line_id": line, "voucher_no": "PZ-1", "amount": "1.00", "spent_on": "2022-02-01"}
    headers = {"Authorization": f"Bearer {token('admin')}", "Idempotency-Key": "once"}
    url = f"http://{fresh.addresses['finance']}/expenditures"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: requests.post(url, json=body, headers=headers, timeout=30), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert fresh.settled_head("finance")["position"] == 2


def test_a_dry_run_checks_a_file_and_keeps_nothing(fresh: Bureau, tmp_path: Path) -> None:
    generate(["--year", "2020", "--seed", "3", "--cadres", "300", "--out", str(tmp_path / "all")])
    alone = tmp_path / "alone"
    alone.mkdir()
    cadres = next(path for path in (tmp_path / "all").iterdir() if "干部名册" in path.name)
    cadres.rename(alone / cadres.name)
    done = fresh.run("import", str(alone), "--dry-run")
    assert "检查通过" in done.stdout
    assert fresh.settled_head("registry")["position"] == 0
    assert fresh.client.get("registry", "/cadres")["items"] == []


def test_a_dry_run_of_a_whole_year_checks_each_file_as_if_those_before_were_there(
    fresh: Bureau, tmp_path: Path
) -> None:
    generate(["--year", "2020", "--seed", "3", "--cadres", "300", "--out", str(tmp_path / "all")])
    files = len(list((tmp_path / "all").glob("*.xlsx")))
    fresh.wait_level()  # outreach publishes its first kinds of 五必访
    before = fresh.heads()
    done = fresh.run("import", str(tmp_path / "all"), "--dry-run")
    assert done.stdout.count("检查通过") == files > 3
    for name in fresh.addresses:
        fresh.settled_head(name)
    assert fresh.heads() == before


def test_writes_go_on_while_the_broker_is_away_and_are_published_when_it_is_back(
    fresh: Bureau, rabbitmq: RabbitMQ
) -> None:
    rabbitmq.stop()
    try:
        for number in range(5):
            approve_line(fresh, f"YS-{number}")
        ready = f"http://{fresh.addresses['finance']}/readyz"
        # what was found is good for two seconds
        wait_until(
            lambda: requests.get(ready, timeout=30).status_code == 503, DEADLINE, "the broker is said to be away"
        )
        away = requests.get(ready, timeout=30)
        assert away.json()["database"] == "ok"
        assert away.json()["broker"].startswith("away")
        assert requests.get(f"http://{fresh.addresses['finance']}/healthz", timeout=30).ok
    finally:
        rabbitmq.start()
    wait_until(lambda: metric(fresh, "finance", "hongxia_outbox_backlog") == 0, DEADLINE, "all is published")
    fresh.wait_level()


def test_servers_that_fall_silent_are_named_soon_and_nobody_starts_on_them(fresh: Bureau) -> None:
    database, broker = make_url(fresh.databases["finance"]), urlsplit(fresh.amqp_uri)
    with (
        Bridge(database.host or "localhost", database.port or 5432) as to_database,
        Bridge(broker.hostname or "localhost", broker.port or 5672) as to_broker,
    ):
        through = database.set(host="127.0.0.1", port=to_database.port).render_as_string(hide_password=False)
        login = broker.netloc.rpartition("@")[0]
        amqp_uri = broker._replace(netloc=f"{login}@127.0.0.1:{to_broker.port}").geturl()
        behind = replace(fresh, databases={**fresh.databases, "finance": through}, amqp_uri=amqp_uri)
        address = f"127.0.0.1:{free_port()}"
        behind.start("finance", label="behind", address=address).wait_for(
            lambda: _answers(address), DEADLINE, "the replica behind the bridges answers"
        )
        to_database.fall_silent()
        to_broker.fall_silent()
        late = behind.start("finance", label="late", address=f"127.0.0.1:{free_port()}")
        [away] = wait_until(lambda: _unready(address), DEADLINE, "an answer from before the silence is no longer given")
        assert away.json()["status"] == "unavailable"
        assert (away.json()["database"], away.json()["broker"]) == ("away: no answer", "away: no answer")
        assert late.wait(DEADLINE) != 0
        assert "秒内没有应答" in late.last_output()
        assert requests.get(f"http://{address}/healthz", timeout=10).ok


def _unready(address: str) -> list[requests.Response]:
    answer = requests.get(f"http://{address}/readyz", timeout=10)
    return [answer] if answer.status_code == 503 else []


def metric(bureau: Bureau, service: str, name: str) -> float | None:
    """A metric's value."""
    page = requests.get(f"http://{bureau.addresses[service]}/metrics", timeout=30).text
    for line in page.splitlines():
        if line.startswith((f"{name} ", f"{name}{{")):
            return float(line.rsplit(" ", 1)[1])
    return None


@pytest.mark.parametrize(
    ("name", "version", "data", "reason"),
    [
        ("finance.budget.dreamt", 1, {"anything": 1}, "unknown-type"),
        ("finance.budget.approved", 2, {"year": 2022}, "unknown-type"),
        ("finance.expenditure.posted", 1, {"amount_fen": "lots"}, "malformed"),
    ],
    ids=["unknown type", "later version", "malformed"],
)
def test_an_event_that_cannot_be_applied_is_parked_and_the_queue_goes_on(
    fresh: Bureau, name: str, version: int, data: dict[str, Any], reason: str
) -> None:
    raise_event(fresh, "finance", name, data, version)
    approve_line(fresh, "YS-1", "12.00")
    fresh.wait_level()
    parked = list(fresh.client.pages("reporting", "/parked"))
    assert [event["reason"] for event in parked] == [reason]
    figure = fresh.figures(2022)["finance.budget.total"]
    assert (figure["value"], figure["state"]) == ("0.0012", "parked")
    assert fresh.figures(2022)["outreach.suggestions.received"]["state"] == "no_data"  # another source: not concerned
    replayed = fresh.client.post("reporting", "/parked/replay")
    assert replayed == {"applied": 0, "still_parked": 1}
    assert fresh.run("verify", "2022", expect=None).returncode != 0


def test_what_is_no_event_goes_to_the_dead_letters(fresh: Bureau) -> None:
    taking = 'hongxia_consumer_active{source="finance"}'
    wait_until(lambda: metric(fresh, "reporting", taking) == 1, DEADLINE, "reporting takes from its queue of finance")
    with Connection(fresh.amqp_uri) as connection:
        producer = connection.Producer()
        for body in (b"not json", b"{}", b"[1]"):
            producer.publish(body, exchange="finance.events", routing_key="finance.budget.approved")
        approve_line(fresh, "YS-1")
        fresh.wait_level()
        channel = connection.channel()

        def dead() -> int:
            return int(channel.queue_declare("reporting.dead", passive=True).message_count)

        wait_until(lambda: dead() == 3, DEADLINE, "three dead letters")
    assert list(fresh.client.pages("reporting", "/parked")) == []


def test_a_source_put_back_to_an_older_state_is_diverged_and_changes_nothing(fresh: Bureau) -> None:
    approve_line(fresh, "YS-1", "10.00")
    approve_line(fresh, "YS-2", "20.00")
    fresh.wait_level()
    before = fresh.figures(2022)["finance.budget.total"]["value"]
    fresh.processes["finance"].kill()
    put_back(fresh)
    fresh.start("finance")
    fresh.wait_ready(["finance"])
    approve_line(fresh, "YS-9", "5.00")
    wait_until(lambda: cursor(fresh, "finance")["diverged"], DEADLINE, "reporting says that finance has diverged")
    figure = fresh.figures(2022)["finance.budget.total"]
    assert (figure["value"], figure["state"]) == (before, "diverged")
    assert metric(fresh, "reporting", 'hongxia_source_diverged{source="finance"}') == 1
    fresh.client.post("reporting", "/cursors/finance/reset")
    wait_until(lambda: fresh.figures(2022)["finance.budget.total"]["state"] == "complete", DEADLINE, "it is read anew")
    assert fresh.figures(2022)["finance.budget.total"]["value"] == "0.0015"


def put_back(bureau: Bureau) -> None:
    """Finance's database as it was before the second line, as a restore of an old backup would leave it."""
    database = bureau.database("finance")
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM budget_line WHERE line_no = 'YS-2'"))
        chain = connection.scalar(text("SELECT chain FROM outbox WHERE position = 1"))
        connection.execute(text("DELETE FROM outbox WHERE position = 2"))
        connection.execute(text("UPDATE outbox_head SET position = 1, published = 1, chain = :chain"), {"chain": chain})
        connection.execute(text("UPDATE outbox_type SET typeposition = 1"))
    database.close()


def test_of_two_replicas_one_relays_and_when_it_is_killed_the_other_goes_on(fresh: Bureau) -> None:
    address = f"127.0.0.1:{free_port()}"
    second = fresh.start("finance", label="finance-2", address=address)
    second.wait_for(lambda: _answers(address), DEADLINE, "the second replica answers")
    approve_line(fresh, "YS-1")
    fresh.wait_level()
    assert relays(fresh.addresses["finance"]) + relays(address) == 1
    fresh.processes["finance"].kill()
    body = {
        "year": 2022,
        "line_no": "YS-2",
        "name": "第二项",
        "expenditure_class": "basic",
        "initial": "1.00",
        "approved_on": "2022-01-01",
    }
    assert post(fresh, "finance", "/budget-lines", body, address).status_code == 201
    wait_until(lambda: relays(address) == 1, DEADLINE, "the second replica relays")
    wait_until(lambda: cursor(fresh, "finance")["position"] == 2, DEADLINE, "reporting has read it")


def relays(address: str) -> float:
    """1 if this process holds the relay's lock."""
    for line in requests.get(f"http://{address}/metrics", timeout=30).text.splitlines():
        if line.startswith("hongxia_relay_active "):
            return float(line.split()[1])
    return 0.0


def _answers(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


def test_the_feed_follows_the_http_feeds_specification(fresh: Bureau) -> None:
    for number in range(3):
        approve_line(fresh, f"YS-{number}")
    wait_until(lambda: fresh.heads()["finance"]["position"] == 3, DEADLINE, "three events are numbered")
    url = f"http://{fresh.addresses['finance']}/events"
    get = reader(url)
    page = get()
    assert page.headers["Content-Type"] == "application/cloudevents-batch+json"
    first, second, third = page.json()
    assert [event["position"] for event in (first, second, third)] == [1, 2, 3]
    assert get(lastEventId=second["id"]).json() == [third]
    assert get(after=1, limit=1).json() == [second]
    full = get(after=1, limit=1)
    assert (full.headers["Cache-Control"], full.headers["ETag"]) == ("no-store", f'"{second["chain"]}"')
    assert get(lastEventId=second["id"], after=1).status_code == 422
    assert get(after=3).headers["Cache-Control"] == "no-store"
    assert get(type="hongxia.finance.adjustment.made.v1").json() == []
    assert get(lastEventId=ids.new_id()).status_code == 404
    assert get(limit=0).status_code == 422


def test_a_long_poll_answers_as_soon_as_there_is_something(fresh: Bureau) -> None:
    get = reader(f"http://{fresh.addresses['finance']}/events")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get, timeout=20_000)
        approve_line(fresh, "YS-1")
        answer = waiting.result(timeout=15)
    assert len(answer.json()) == 1


def reader(url: str) -> Callable[..., requests.Response]:
    """GETs of a feed, by a subscriber."""
    headers = {"Authorization": f"Bearer {token('subscriber')}"}
    return lambda **query: requests.get(url, params=query, headers=headers, timeout=40)
