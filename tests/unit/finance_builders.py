"""What the tests of finance build: its database in memory, lines and vouchers, and requests to its API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hongxia.database import Database
from hongxia.events.context import Context
from hongxia.events.envelope import Event
from hongxia.events.tables import outbox, platform_metadata, start_log
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import Plan, load
from services.finance.app import FinanceService
from services.finance.base import Base
from services.finance.lines import rules as lines
from services.finance.lines.model import BudgetLine
from services.finance.workbook import BUDGET, IMPORTABLE
from tests.unit.service_api import ServiceApi

TODAY = date(2023, 1, 10)
NOW = datetime(2023, 1, 10, 4, tzinfo=UTC)
CONTEXT = Context("urn:hongxia:test:finance", NOW, "test", actor="tester")

LINE: dict[str, Any] = {
    "year": 2022,
    "line_no": "YS-1",
    "name": "活动经费",
    "expenditure_class": "project",
    "initial_fen": 10_000,
    "pays_aid": False,
    "approved_on": date(2022, 1, 1),
}
CASE = "7b0e3a52-5d0f-5c5e-9d43-1f0a7f6e2c11"


def new_database() -> Database:
    """Finance's database, empty, in memory."""
    database = Database("sqlite://")
    with database.engine.begin() as connection:
        platform_metadata.create_all(connection)
        Base.metadata.create_all(connection)
        start_log(connection)
    return database


@contextmanager
def work(database: Database) -> Iterator[Session]:
    """A unit of work."""
    with database.begin(CONTEXT) as session:
        yield session


def approve(session: Session, **values: Any) -> BudgetLine:
    """A line of 100.00 yuan in 2022, unless something else is said."""
    return lines.approve(session, {**LINE, **values}, TODAY)


def voucher(number: str = "PZ-1", fen: int = 4_000, on: date = date(2022, 3, 1)) -> dict[str, Any]:
    """The values of a voucher."""
    return {"voucher_no": number, "amount_fen": fen, "spent_on": on, "summary": None}


def adjustment(number: str = "TZ-1", fen: int = 5_000, on: date = date(2022, 6, 1)) -> dict[str, Any]:
    """The values of an adjustment."""
    return {"adjustment_no": number, "amount_fen": fen, "adjusted_on": on}


def events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """What was published so far, in order: short type ("expenditure.posted") and envelope."""
    with database.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.seq)).all()
    found = [json.loads(body) for body in bodies]
    return [(event["type"].removeprefix("hongxia.finance.").removesuffix(".v1"), event) for event in found]


def types(database: Database) -> list[str]:
    """The short types of what was published so far, in order."""
    return [name for name, _ in events(database)]


def aid_event(what: str = "approved", fen: int = 9_000, case: str = CASE, version: int = 2, **data: Any) -> Event:
    """An event about an aid case, as outreach publishes it."""
    known = {"cadre_id": case, "amount_fen": fen, "pay_on": "2022-02-01", "approved_on": "2022-01-20", **data}
    raw = {"data": known, "entityversion": version, "occurredon": "2022-01-20"}
    return Event("id", "urn:hongxia:test:outreach", f"hongxia.outreach.aid.{what}.v1", case, 1, 1, "0" * 64, raw, b"")


Sheets = dict[str, Sequence[Row]]


def sheets(
    vouchers: Sequence[dict[str, Any]] = (),
    adjustments: Sequence[dict[str, Any]] = (),
    lines: Sequence[dict[str, Any]] = ({},),
) -> Sheets:
    """The rows of a workbook: one line, unless others are given, and these vouchers and adjustments."""
    line = {name: value for name, value in LINE.items() if name != "year"}
    blank = {"line_no": "YS-1", "summary": None, "reverses_no": None}
    return {
        "budget_lines": [Row(2 + number, {**line, **values}) for number, values in enumerate(lines)],
        "adjustments": [Row(2 + number, {"line_no": "YS-1", **values}) for number, values in enumerate(adjustments)],
        "expenditures": [Row(2 + number, {**blank, **values}) for number, values in enumerate(vouchers)],
    }


def import_sheets(database: Database, rows: Sheets, year: int = 2022) -> Plan:
    """Load a workbook's rows. Raises NotLoadable."""
    with work(database) as session:
        return load(session, BUDGET, IMPORTABLE.sheets, year, rows, TODAY, finish=IMPORTABLE.finish)


class Api(ServiceApi):
    """Finance's routes, on 10 January 2023, for an accountant."""

    def __init__(self, database: Database | None = None) -> None:
        super().__init__(FinanceService, database or new_database(), NOW, "accountant")

    def made(self, path: str, **body: Any) -> tuple[str, dict[str, Any]]:
        """What a creation answers, and the address at which it says that this can be read."""
        response = self("POST", path, body)
        assert response.status_code == 201, response.get_data(as_text=True)
        return urljoin(path, response.headers["Location"]), response.json


def problem(response: Response) -> tuple[int, str, list[str]]:
    """Status, slug and pointers of a problem document."""
    pointers = [error["pointer"] for error in response.json.get("errors", [])]
    return response.status_code, response.json["type"].removeprefix("urn:hongxia:problem:"), pointers
