"""The routes that every service has: alive and ready, metrics, its own cursors, what it imports."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, text
from sqlalchemy.exc import OperationalError

from hongxia import __version__, metrics
from hongxia.database import Database, migrate
from hongxia.events.chain import GENESIS
from hongxia.events.cursor import Consumer
from hongxia.events.tables import cursor, parked
from hongxia.roles import ADMIN, OFFICE, OPERATOR
from hongxia.runtime import service as runtime_service
from hongxia.runtime.limits import Remembered
from hongxia.runtime.service import dump_openapi, roles_of
from hongxia.workbook.write import XLSX
from services.finance.app import FinanceService
from tests.datakeys import DATA_KEYS
from tests.keys import prove_of
from tests.unit.events_builders import NOW
from tests.unit.runtime_builders import NO_BROKER
from tests.unit.service_api import ServiceApi
from tests.unit.store_service import LendingService, StoreService, new_database


@pytest.fixture
def finance(tmp_path: Path) -> ServiceApi:
    """Finance on a migrated database, with a broker in memory."""
    url = f"sqlite:///{tmp_path}/finance.sqlite3"
    migrate(url, FinanceService.definition.migrations)
    return ServiceApi(FinanceService, Database(url, keys=DATA_KEYS), NOW)


@pytest.fixture
def lending() -> ServiceApi:
    """The lending desk on an empty database."""
    return ServiceApi(LendingService, new_database(), NOW)


def test_a_service_that_lives_says_which_one_it_is(lending: ServiceApi) -> None:
    answer = lending("GET", "/healthz", role=None)
    assert answer.json == {"status": "ok", "service": "lending", "version": __version__}


def test_a_service_is_ready_when_database_and_broker_are(finance: ServiceApi) -> None:
    answer = finance("GET", "/readyz", role=None)
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "database": "ok", "broker": "ok"})


def test_a_database_without_the_last_migration_is_not_ready(finance: ServiceApi) -> None:
    with finance.service.host.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    answer = finance("GET", "/readyz", role=None)
    assert (answer.status_code, answer.json["status"], answer.json["broker"]) == (503, "unavailable", "ok")
    assert answer.json["database"].startswith("migration ")


def test_a_database_that_is_away_is_named(finance: ServiceApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def ping() -> None:
        raise OperationalError("SELECT 1", {}, OSError())

    monkeypatch.setattr(finance.service.host.database, "ping", ping)
    answer = finance("GET", "/readyz", role=None)
    assert (answer.status_code, answer.json["database"], answer.json["broker"]) == (503, "away: OperationalError", "ok")


def test_a_broker_that_is_away_is_named_unless_the_relay_is_connected(
    finance: ServiceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = finance.service.host
    monkeypatch.setattr(runtime_service, "connection", lambda _uri, make=runtime_service.connection: make(NO_BROKER))
    answer = finance("GET", "/readyz", role=None)
    assert (answer.status_code, answer.json["database"]) == (503, "ok")
    assert answer.json["broker"].startswith("away: ")
    host.publisher_connected = lambda: True
    host.readiness = Remembered(0.0)
    assert finance("GET", "/readyz", role=None).json["broker"] == "ok"
    host.publisher_blocked = lambda: True
    answer = finance("GET", "/readyz", role=None)
    assert (answer.status_code, answer.json["broker"]) == (503, "blocked: memory or disk alarm")


def test_the_metrics_are_those_of_this_moment(lending: ServiceApi) -> None:
    row = {"source": "store", "position": 3, "chain": GENESIS, "head_position": 5, "head_chain": GENESIS}
    with lending.service.host.database.engine.begin() as connection:
        connection.execute(insert(cursor).values(row))
    answer = lending("GET", "/metrics", role=None)
    assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
    assert 'hongxia_cursor_lag_positions{source="store"} 2.0' in answer.get_data(as_text=True)


def test_the_api_describes_itself_with_its_own_routes(lending: ServiceApi) -> None:
    found = lending("GET", "/openapi.json", role=None).json
    assert {"/healthz", "/readyz", "/metrics", "/parked", "/workbooks/{name}"} <= set(found["paths"])
    assert found["info"]["version"] == __version__
    assert "借用" in dump_openapi(LendingService)
    assert dump_openapi(LendingService).startswith('{\n  "')


def test_every_source_has_a_cursor_also_one_of_which_nothing_was_read(lending: ServiceApi) -> None:
    host = lending.service.host
    for source in ("store", "archive"):
        host.consumers[source] = Consumer(host.database, source, lambda _session, _events: None, prove_of(source))
    read = {"source": "store", "position": 3, "chain": "c" * 64, "head_position": 5, "head_chain": "d" * 64}
    event = {"type": "x", "subject": "y", "occurredon": "2022-01-01", "body": b"{}", "reason": "failed", "detail": ""}
    with host.database.engine.begin() as connection:
        connection.execute(insert(cursor).values(read))
        connection.execute(insert(parked).values(source="store", position=2, parked_at=NOW, attempts=1, **event))
    archive, store = lending("GET", "/cursors", role=OFFICE).json
    assert (store["source"], store["position"], store["head_position"], store["parked"]) == ("store", 3, 5, 1)
    assert (archive["source"], archive["position"], archive["head_position"], archive["parked"]) == ("archive", 0, 0, 0)
    assert (archive["chain"], archive["head_chain"], archive["diverged"]) == (GENESIS, GENESIS, None)


def test_an_unknown_source_is_not_read_anew(lending: ServiceApi) -> None:
    answer = lending("POST", "/cursors/nobody/reset", role=OPERATOR)
    assert (answer.status_code, answer.json["detail"]) == (404, "本服务不读取来源 nobody")


def test_a_service_says_what_it_imports_and_hands_out_the_empty_workbook(lending: ServiceApi) -> None:
    assert lending("GET", "/workbooks").json == [{"name": "loans", "title": "借用登记", "order": 2}]
    template = lending("GET", "/workbooks/loans/template")
    assert template.headers["Content-Type"] == XLSX
    book: Any = load_workbook(BytesIO(template.get_data()))
    assert "借用" in book.sheetnames
    missing = lending("GET", "/workbooks/stock/template")
    assert (missing.status_code, missing.json["detail"]) == (404, "没有名为 stock 的工作簿")


def test_the_roles_of_a_service_are_those_of_its_routes_and_its_workbooks() -> None:
    assert {ADMIN, OPERATOR, OFFICE} <= roles_of(StoreService)
