"""Broker, database and processes that fall silent: what is committed is numbered, read, and applied once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from hongxia.database import Database
from tests.faults.silence import DEADLINE, READER, SOURCE, Pair, alarmed, running_pair, stopped
from tests.servers import PostgreSQL, PrivatePostgreSQL, PrivateRabbitMQ, RabbitMQ, free_port, wait_until


@pytest.fixture(scope="module")
def pair(rabbitmq: RabbitMQ, postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    if not isinstance(rabbitmq, PrivateRabbitMQ) or not isinstance(postgres, PrivatePostgreSQL):
        pytest.skip("given servers are not ours to stop")
    with running_pair(rabbitmq, postgres, tmp_path_factory.mktemp("silence")) as running:
        running.commit(5)
        level(running, running.kinds() + 5)
        yield running


def level(pair: Pair, position: int) -> None:
    """Wait until everything is numbered, published and applied."""
    wait_until(lambda: pair.published() == position, DEADLINE, lambda: f"published, not {pair.published()}")
    wait_until(lambda: pair.applied() == position, DEADLINE, lambda: f"applied, not {pair.applied()}")
    assert pair.numbered()


def connections(rabbitmq: PrivateRabbitMQ) -> int:
    """How many connections the broker has in its last test's virtual host, blocked ones included."""
    return len(rabbitmq.rabbitmqctl("list_connections", "pid").splitlines())


def test_while_the_broker_has_an_alarm_events_are_numbered_and_read_and_nothing_piles_up(
    pair: Pair, rabbitmq: PrivateRabbitMQ
) -> None:
    start = pair.head()
    before = connections(rabbitmq)
    with alarmed(rabbitmq):
        for count in (1, 300, 300):
            pair.commit(count)
            position = start + 1 if count == 1 else start + 301 if pair.head() < start + 301 else start + 601
            wait_until(lambda position=position: pair.applied() == position, DEADLINE, "read from the feed")
        wait_until(lambda: pair.metric("broker_blocked") == 1, DEADLINE, "it says that it is blocked")
        assert pair.ready()["broker"] == "blocked: memory or disk alarm"
        assert pair.published() == start
        assert connections(rabbitmq) <= before + 2
    level(pair, start + 601)
    assert pair.metric("broker_blocked") == 0
    assert pair.metric("events_duplicate", READER) <= 2 * 601


def test_while_the_broker_is_stopped_events_are_numbered_and_read(pair: Pair, rabbitmq: PrivateRabbitMQ) -> None:
    start = pair.head()
    with stopped(rabbitmq.server):
        for step in (1, 2):
            pair.commit(20)
            position = start + 20 * step
            wait_until(lambda position=position: pair.head() == position, DEADLINE, "numbered")
            wait_until(lambda position=position: pair.applied() == position, DEADLINE, "read from the feed")
    level(pair, start + 40)


def test_a_stopped_leader_is_replaced_within_seconds_and_does_no_harm_when_it_goes_on(pair: Pair) -> None:
    address = f"127.0.0.1:{free_port()}"
    pair.bureau.start(SOURCE, label="second", address=address)
    wait_until(lambda: reachable(pair, address), DEADLINE, "the second replica answers")
    assert pair.metric("relay_active", address=address) == 0
    start = pair.head()
    with stopped(pair.bureau.processes[SOURCE]):
        pair.commit(500)
        wait_until(lambda: pair.metric("relay_active", address=address) == 1, DEADLINE, "the second one leads")
        wait_until(lambda: pair.head() == start + 500, DEADLINE, "numbered")
    pair.commit(500)
    level(pair, start + 1000)
    pair.bureau.processes["second"].terminate()
    pair.commit(1)
    level(pair, start + 1001)


def reachable(pair: Pair, address: str) -> bool:
    try:
        return pair.metric("relay_active", address=address) >= 0
    except OSError:
        return False


def test_while_somebody_holds_the_cursor_the_age_of_the_last_look_grows(pair: Pair) -> None:
    start = pair.head()
    database = Database(pair.bureau.databases[READER])
    query = text("SELECT 1 FROM cursor WHERE source = :source FOR UPDATE")
    with database.engine.connect() as holder:
        holder.execute(query, {"source": SOURCE})
        pair.commit(10)
        wait_until(lambda: pair.head() == start + 10, DEADLINE, "numbered")
        label = f'source_head_age_seconds{{source="{SOURCE}"}}'
        wait_until(lambda: pair.metric(label, READER) > 20, DEADLINE, "the age of the last look grows")
        assert pair.applied() == start
        holder.rollback()
    database.close()
    level(pair, start + 10)
    wait_until(lambda: pair.metric(label, READER) < 20, DEADLINE, "it has looked again")


def test_a_database_that_is_stopped_for_a_while_costs_nothing(pair: Pair, postgres: PrivatePostgreSQL) -> None:
    start = pair.head()
    pair.commit(50)
    with stopped(postgres.server):
        assert pair.ready()["database"].startswith("away")
    level(pair, start + 50)
