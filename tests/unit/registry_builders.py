"""What the registry's tests build: an empty registry, particulars of made-up persons, rows, and the events so far."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from stdnum.cn import ric
from werkzeug.wrappers import Response

from hongxia.database import Database
from hongxia.events.context import Context
from hongxia.events.outbox import flush
from hongxia.events.tables import outbox, platform_metadata, start_log
from hongxia.rules import ENTERED_TWICE, Refusal
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import NotLoadable, Plan, load
from services.registry.app import RegistryService
from services.registry.cadres import rules
from services.registry.cadres.model import Cadre, Register
from services.registry.contradictions.model import Contradiction
from services.registry.lists.declared import LIAISONS, STREETS, UNITS
from services.registry.tables import METADATA
from services.registry.workbook import CADRES, IMPORTABLE
from tests.unit.service_api import ServiceApi

TODAY = date(2023, 1, 10)
NOW = datetime(2023, 1, 10, tzinfo=UTC)

UNIT, STREET, LIAISON = "区教育局", "石桥街道", "联络一组"
UNIT_CODE, STREET_CODE = UNITS.code_of(UNIT), STREETS.code_of(STREET)
LIAISON_CODE, OTHER_LIAISON, THIRD_LIAISON = (LIAISONS.code_of(label) for label in (LIAISON, "联络二组", "联络三组"))
OTHER_STREET, OTHER_UNIT = STREETS.code_of("沙湾街道"), UNITS.code_of("区民政局")

LISTED = (
    *((UNITS, label) for label in (UNIT, "区民政局")),
    *((STREETS, label) for label in (STREET, "沙湾街道")),
    *((LIAISONS, label) for label in (LIAISON, "联络二组", "联络三组")),
)


def new_database(url: str = "sqlite://") -> Database:
    """The registry's database, empty."""
    database = Database(url)
    with database.engine.begin() as connection:
        platform_metadata.create_all(connection)
        METADATA.create_all(connection)
        start_log(connection)
        connection.execute(insert(Register).values(id=1, last_serial=0))
    return database


def context(actor: str = "somebody", now: datetime = NOW) -> Context:
    """The context of a unit of work."""
    return Context("urn:hongxia:test:registry", now, "test", actor=actor)


@contextmanager
def bare_registry() -> Iterator[Session]:
    """A session of a registry without anything, not even lists."""
    with new_database().begin(context()) as session:
        yield session


@contextmanager
def empty_registry() -> Iterator[Session]:
    """A session of a registry without cadres; the bureau's lists are there."""
    with bare_registry() as session:
        list_labels(session)
        yield session


def list_labels(session: Session) -> None:
    """Fill the lists, and drop the events of that."""
    for kept, label in LISTED:
        kept.add(session, label, TODAY)
    session.flush()
    session.info.pop("hongxia.outbox.appended", None)


def resident_number(born: str = "19500301", serial: int = 1) -> str:
    """A resident number of a region that does not exist."""
    stem = f"990101{born}{serial:03}"
    return stem + str(ric.calc_check_digit(stem + "0"))


def particulars(**different: Any) -> dict[str, Any]:
    """What a registration needs, with codes of the lists."""
    return {
        "name": "林晓霞",
        "resident_number": resident_number(),
        "sex": "2",
        "nationality": None,
        "political_status": "01",
        "retirement_category": "2",
        "rank": "132",
        "treatment": "132",
        "medical_treatment": None,
        "reimbursement": None,
        "unit": UNIT_CODE,
        "street": STREET_CODE,
        "joined_party_on": None,
        "registered_on": date(2012, 5, 1),
        "liaison": LIAISON_CODE,
        "advanced_age": False,
        "hardship": False,
        "living_alone": False,
        "resettled": False,
        "deceased_on": None,
        **different,
    }


def registered(session: Session, cadre_no: str | None = None, **different: Any) -> Cadre:
    """A registered cadre; give each a resident number of their own."""
    confirmed = (ENTERED_TWICE,)
    return rules.register(session, cadre_no, particulars(**different), {}, TODAY, confirmed)


def cadre(session: Session, cadre_no: str = "G0001") -> Cadre:
    """The record with a number."""
    return session.get_one(Cadre, rules.cadre_id(cadre_no))


def row(cadre_no: str = "G0001", **different: Any) -> dict[str, Any]:
    """A row's values, with labels."""
    labels = {"unit": UNIT, "street": STREET, "liaison": LIAISON}
    return {"cadre_no": cadre_no, **particulars(), **labels, **different}


def imported(session: Session, *rows: Mapping[str, Any], year: int = 2022) -> Plan:
    """What an import of rows (numbered from 2) does; all of it is taken as confirmed."""
    numbered = [Row(number, values) for number, values in enumerate(rows, start=2)]
    return load(session, CADRES, IMPORTABLE.sheets, year, {"cadres": numbered}, TODAY, finish=IMPORTABLE.finish)


def counts(plan: Plan) -> tuple[int, int, int, int]:
    """Created, unchanged, continued, changed."""
    found = plan.sheets["cadres"]
    return found.created, found.unchanged, found.continued, found.changed


def findings(session: Session, *rows: Mapping[str, Any], year: int = 2022) -> list[tuple[int, str, str]]:
    """Row, column and message of what an import refuses."""
    with pytest.raises(NotLoadable) as refused:
        imported(session, *rows, year=year)
    session.info.pop("registry.cadres_to_review", None)
    return [(finding.row, finding.field, finding.message_zh) for finding in refused.value.findings]


@contextmanager
def refusal(code: str, *fields: str) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Expect a refusal with a code, of these fields."""
    with pytest.raises(Refusal) as refused:
        yield refused
    assert refused.value.code == code, refused.value.violations
    assert {violation.field for violation in refused.value.violations} >= set(fields)
    assert refused.value.message


def published(session: Session) -> list[dict[str, Any]]:
    """The events so far."""
    session.flush()
    flush(session)
    return [json.loads(body) for body in session.scalars(select(outbox.c.body).order_by(outbox.c.seq))]


def kinds(session: Session) -> list[str]:
    """What the events so far say that happened."""
    return [event["type"].split(".")[3] for event in published(session)]


def contradictions(session: Session, state: str = "open") -> list[tuple[str, date]]:
    """Kind and date of the contradictions in a state."""
    session.flush()
    query = select(Contradiction).where(Contradiction.state == state).order_by(Contradiction.on, Contradiction.kind)
    return [(found.kind, found.on) for found in session.scalars(query)]


NEW = {
    "name": "林晓霞",
    "resident_number": resident_number(),
    "sex": "2",
    "political_status": "01",
    "retirement_category": "2",
    "rank": "132",
    "treatment": "132",
    "unit": UNIT_CODE,
    "street": STREET_CODE,
    "registered_on": "2012-05-01",
}
"""The body of a registration."""


class Api(ServiceApi):
    """The registry's routes with the bureau's lists, on 10 January 2023."""

    def __init__(self, now: datetime = datetime(2023, 1, 10, 4, tzinfo=UTC)) -> None:
        database = new_database()
        super().__init__(RegistryService, database, now, "records")
        with database.begin(context(now=now)) as session:
            list_labels(session)

    def registered(self, **different: Any) -> dict[str, Any]:
        """A cadre registered by a request that must succeed."""
        response = self("POST", "/cadres?confirm=entered-twice", {**NEW, **different})
        assert response.status_code == 201, response.get_data(as_text=True)
        found: dict[str, Any] = response.json
        return found

    def must(self, path: str, body: Any = None) -> dict[str, Any]:
        """Send a POST that must succeed."""
        response = self("POST", path, body)
        assert response.status_code < 300, response.get_data(as_text=True)
        found: dict[str, Any] = response.json
        return found

    def events(self) -> list[dict[str, Any]]:
        """The events so far."""
        with self.service.host.database.read() as session:
            return [json.loads(body) for body in session.scalars(select(outbox.c.body).order_by(outbox.c.seq))]

    def close(self) -> None:
        """Give the database back."""
        self.service.host.database.close()


def problem(response: Response) -> tuple[int, str, str | None]:
    """Status, slug and first pointer of a problem document."""
    assert response.content_type == "application/problem+json", response.get_data(as_text=True)
    body = response.json
    (first, *_) = body.get("errors") or [{}]
    return response.status_code, body["type"].removeprefix("urn:hongxia:problem:"), first.get("pointer")
