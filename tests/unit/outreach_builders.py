"""What the tests of outreach build: its database in memory, cadres that it knows, and requests to its API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hongxia import ids
from hongxia.database import Database
from hongxia.events.canonical import canonical
from hongxia.events.context import Context
from hongxia.events.envelope import Event, parse, splice
from hongxia.events.tables import outbox, platform_metadata, start_log
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import NotLoadable, Plan, load
from services.outreach.aid import finance
from services.outreach.app import OutreachService
from services.outreach.base import Base
from services.outreach.cadres import registry
from services.outreach.cadres.model import Cadre
from services.outreach.contradictions.model import Contradiction
from services.outreach.obligations import rules as obligation_rules
from services.outreach.obligations.model import Obligation
from services.outreach.workbook import IMPORTABLE
from tests.unit.service_api import ServiceApi

TODAY = date(2023, 1, 10)
NOW = datetime(2023, 1, 10, 4, tzinfo=UTC)
LIN = ids.entity_id("cadre", "G0001")
CHEN = ids.entity_id("cadre", "G0002")
WU = ids.entity_id("cadre", "G0003")

ILLNESS = {
    "title": "生病住院",
    "days": 7,
    "working_days": False,
    "raised_by": "stay",
    "concerns": "all",
    "occasions": ["illness"],
    "active": True,
}
DEATH = {**ILLNESS, "title": "去世", "raised_by": "death", "occasions": ["death"]}

STATE = {
    "retirement_category": "retired",
    "rank": "131",
    "treatment": "131",
    "medical_treatment": None,
    "reimbursement": None,
    "unit": "u1234abcd",
    "street": "s1234abcd",
    "liaison": "l1234abcd",
    "age_band": "70-79",
    "advanced_age": False,
    "hardship": False,
    "living_alone": False,
    "resettled": False,
    "registered_on": "2012-05-01",
    "deceased_on": None,
    "away": [],
}
"""The state that the registry's events of a cadre hold."""


def new_database() -> Database:
    """Outreach's database, empty, in memory."""
    database = Database("sqlite://")
    platform_metadata.create_all(database.engine)
    Base.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        start_log(connection)
    return database


@contextmanager
def work(database: Database, today: date = TODAY) -> Iterator[Session]:
    """A unit of work on a day."""
    now = datetime.combine(today, time(4), tzinfo=UTC)
    with database.begin(Context("urn:hongxia:test:outreach", now, "test", actor="somebody")) as session:
        yield session


def add_cadre(database: Database, cadre_no: str = "G0001", **state: Any) -> Cadre:
    """A cadre that outreach has learnt of: registered in 2012, living and served, unless `state` says otherwise."""
    flags = dict.fromkeys(("hardship", "living_alone", "advanced_age", "resettled"), False)
    days = dict.fromkeys(("deceased_on", "liaison", "merged_into"))
    values = {"registered_on": date(2012, 5, 1), "away": (), "version": 1, **flags, **days, **state}
    cadre = Cadre(id=ids.entity_id("cadre", cadre_no), **values)
    with work(database) as session:
        session.add(cadre)
    return cadre


def add_kinds(database: Database, *, today: date = TODAY, **kinds: Mapping[str, Any]) -> None:
    """Kinds of 五必访, by code."""
    with work(database, today) as session:
        for code, values in kinds.items():
            obligation_rules.add_kind(session, code, values, today)


class Bureau:
    """Outreach with the registry's events as they come in: versions are counted, the state is kept."""

    def __init__(self, *cadre_nos: str, **state: Any) -> None:
        self.database = new_database()
        self.states: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        for cadre_no in cadre_nos:
            self.registry("registered", cadre_no, **state)

    def registry(self, what: str, cadre_no: str, *, today: date = TODAY, on: str = "2022-12-31", **state: Any) -> None:
        """An event of the registry about a cadre arrives; `state` is what it changes."""
        self.learn(self.event(what, cadre_no, on=on, **state), today=today)

    def event(self, what: str, cadre_no: str, *, on: str = "2022-12-31", **state: Any) -> Event:
        """The next event of the registry about a cadre."""
        cadre_id = ids.entity_id("cadre", cadre_no)
        into = {key: state.pop(key) for key in ("into", "direction", "changed", "reason") if key in state}
        self.states[cadre_id] = {**self.states.get(cadre_id, STATE), **state}
        self.versions[cadre_id] = self.versions.get(cadre_id, 0) + 1
        data = {**self.states[cadre_id], **into}
        return event_of(
            f"hongxia.registry.cadre.{what}.v1", cadre_id, data, version=self.versions[cadre_id], occurred_on=on
        )

    def learn(self, *events: Event, today: date = TODAY) -> None:
        """Events of the registry arrive together."""
        with work(self.database, today) as session:
            registry.apply(session, events, today)

    def die(self, cadre_no: str, on: str | None, *, today: date = TODAY) -> None:
        """A death becomes known, or is withdrawn."""
        self.registry("deceased" if on else "death-withdrawn", cadre_no, deceased_on=on, today=today)

    def merge(self, cadre_no: str, into: str, *, today: date = TODAY) -> None:
        """A record is merged into another one."""
        self.registry("merged", cadre_no, into=ids.entity_id("cadre", into), today=today)

    def undo_merge(self, cadre_no: str, into: str, *, today: date = TODAY) -> None:
        """A merge is taken back."""
        self.registry("merge-undone", cadre_no, into=ids.entity_id("cadre", into), today=today)

    def api(self, today: date = TODAY) -> Api:
        """The API on a day."""
        return Api(self.database, datetime.combine(today, time(4), tzinfo=UTC))

    def night(self, today: date) -> None:
        """The timer runs on a day."""
        with self.database.read() as session:
            concerned = obligation_rules.to_review(session, today)
        with work(self.database, today) as session:
            obligation_rules.review_some(session, concerned, today)

    def owed(self) -> list[tuple[str, str, str]]:
        """Kind, deadline and state of what is owed, by deadline."""
        with self.database.read() as session:
            query = select(Obligation).order_by(Obligation.due_on, Obligation.kind, Obligation.id)
            return [(each.kind, each.due_on.isoformat(), each.state) for each in session.scalars(query)]

    def contradictions(self, state: str = "open") -> list[tuple[str, str]]:
        """Kind and collection of the contradictions in a state, sorted."""
        with self.database.read() as session:
            query = select(Contradiction.kind, Contradiction.record).where(Contradiction.state == state)
            return sorted((kind, record) for kind, record in session.execute(query))

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What was published so far."""
        return events(self.database)

    def types(self) -> list[str]:
        """The short types of what was published so far."""
        return types(self.database)


def events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """What was raised so far, in order: short type ("visit.recorded") and envelope."""
    with database.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.seq)).all()
    found = [json.loads(body) for body in bodies]
    return [(event["type"].removeprefix("hongxia.outreach.").removesuffix(".v1"), event) for event in found]


def types(database: Database) -> list[str]:
    """The short types of what was raised so far, in order."""
    return [name for name, _ in events(database)]


def event_of(
    event_type: str,
    subject: str,
    data: dict[str, Any],
    *,
    version: int = 1,
    position: int = 1,
    occurred_on: str = "2022-12-31",
) -> Event:
    """An event of another service, as it is delivered."""
    envelope = {
        "id": ids.entity_id("event", event_type, subject, version),
        "source": "urn:hongxia:" + event_type.split(".")[1],
        "type": event_type,
        "subject": subject,
        "time": "2023-01-09T00:00:00.000000Z",
        "data": data,
        "entityversion": version,
        "occurredon": occurred_on,
        "correlationid": "abroad",
    }
    return parse(splice(canonical(envelope), position, position, "0" * 64))


def cadre_event(what: str = "registered", version: int = 1, **state: Any) -> Event:
    """An event of the registry that tells Lin's state."""
    return event_of(f"hongxia.registry.cadre.{what}.v1", LIN, {**STATE, **state}, version=version)


def finance_event(
    what: str, case_id: str, version: int = 1, amount_fen: int = 800_000, on: str = "2022-01-25", **data: Any
) -> Event:
    """An answer of finance to an aid case."""
    found = {"case_id": case_id, "amount_fen": amount_fen, **data}
    return event_of(f"hongxia.finance.aid.{what}.v1", case_id, found, version=version, occurred_on=on)


def answer(database: Database, *answers: Event) -> None:
    """Finance's answers arrive."""
    with work(database) as session:
        finance.apply(session, answers)


ALL_SHEETS = ("visits", "contacts", "aid_cases", "suggestions")


def imported(database: Database, year: int = 2022, today: date = TODAY, **sheets: Sequence[Mapping[str, Any]]) -> Plan:
    """Import a workbook with some rows per sheet. Raises NotLoadable."""
    rows = {
        name: [Row(number, values) for number, values in enumerate(sheets.get(name, ()), start=2)]
        for name in ALL_SHEETS
    }
    with work(database, today) as session:
        return load(session, IMPORTABLE.workbook, IMPORTABLE.sheets, year, rows, today, finish=IMPORTABLE.finish)


def counts(plan: Plan) -> dict[str, tuple[int, int, int, int]]:
    """Rows created, unchanged, continued and changed, by sheet; sheets without rows are left out."""
    found = {name: (each.created, each.unchanged, each.continued, each.changed) for name, each in plan.sheets.items()}
    return {name: each for name, each in found.items() if any(each)}


def findings(error: NotLoadable) -> list[tuple[str, int, str, str]]:
    """Sheet, row, field and message of what an import found wrong."""
    return [(each.sheet, each.row, each.field, each.message_zh) for each in error.findings]


class Api(ServiceApi):
    """Outreach's routes, called as over HTTP. Every POST is a new request, unless it has a key."""

    def __init__(self, database: Database, now: datetime = NOW) -> None:
        super().__init__(OutreachService, database, now)

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Response:
        """Send a request."""
        if method == "POST" and "Idempotency_Key" not in more:
            more["Idempotency_Key"] = ids.new_id()
        return super().__call__(method, path, body, **more)


def problem(response: Response) -> tuple[int, str]:
    """Status and slug of a problem document."""
    assert response.content_type == "application/problem+json"
    return response.status_code, response.json["type"].removeprefix("urn:hongxia:problem:")
