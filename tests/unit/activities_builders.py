"""What the tests of activities build: its database in memory, cadres that it knows, and requests to its API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
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
from hongxia.workbook.importing import DryRun
from hongxia.workbook.reconcile import Plan, Unconfirmed
from hongxia.workbook.reconcile import load as reconcile
from services.activities.app import ActivitiesService
from services.activities.cadres import follow
from services.activities.models import METADATA, Cadre
from services.activities.workbook import ACTIVITIES, IMPORTABLE
from tests.unit.service_api import ServiceApi

TODAY = date(2023, 1, 10)
NOW = datetime(2023, 1, 10, 4, tzinfo=UTC)
LIN = ids.entity_id("cadre", "G0001")
CHEN = ids.entity_id("cadre", "G0002")
DAY = date(2022, 5, 10)
NOBODY = ids.entity_id("cadre", "G9999")


def new_database() -> Database:
    """Activities' database, empty, in memory."""
    database = Database("sqlite://")
    platform_metadata.create_all(database.engine)
    METADATA.create_all(database.engine)
    with database.engine.begin() as connection:
        start_log(connection)
    return database


@contextmanager
def work(database: Database) -> Iterator[Session]:
    """A unit of work."""
    with database.begin(Context("urn:hongxia:test:activities", NOW, "test")) as session:
        yield session


def add_cadres(database: Database, *cadre_nos: str, deceased_on: date | None = None) -> None:
    """Cadres that activities has learnt of."""
    with work(database) as session:
        for cadre_no in cadre_nos:
            session.add(
                Cadre(
                    id=ids.entity_id("cadre", cadre_no),
                    registered_on=date(2012, 5, 1),
                    deceased_on=deceased_on,
                    version=1,
                )
            )


def read(database: Database, *received: Event) -> None:
    """Apply events of the registry, as the consumer does."""
    with work(database) as session:
        follow.from_registry(session, received)


def events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """What was raised so far, in order: short type ("session.held") and envelope."""
    with database.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.seq)).all()
    found = [json.loads(body) for body in bodies]
    return [(event["type"].removeprefix("hongxia.activities.").removesuffix(".v1"), event) for event in found]


def types(database: Database) -> list[str]:
    """The short types of what was raised so far, in order."""
    return [name for name, _ in events(database)]


def cadre_event(what: str, cadre_id: str, *, version: int = 1, **data: Any) -> Event:
    """An event of the registry, as it is delivered."""
    event_type = f"hongxia.registry.cadre.{what}.v1"
    envelope = {
        "id": ids.entity_id("event", event_type, cadre_id, version),
        "source": "urn:hongxia:test:registry",
        "type": event_type,
        "subject": cadre_id,
        "time": "2023-01-09T00:00:00.000000Z",
        "data": {"registered_on": "2012-05-01", "deceased_on": None, "away": [], **data},
        "entityversion": version,
        "occurredon": "2022-12-31",
        "correlationid": "registry",
    }
    return parse(splice(canonical(envelope), version, version, "0" * 64))


def rows(**sheets: Sequence[Mapping[str, Any]]) -> dict[str, list[Row]]:
    """Rows as the reader of the workbook hands them over: every sheet, columns left out at their defaults."""
    found: dict[str, list[Row]] = {}
    for sheet in ACTIVITIES.sheets:
        blank = {column.field: column.default for column in sheet.columns if column.kept}
        given = sheets.get(sheet.name, ())
        found[sheet.name] = [Row(number, {**blank, **values}) for number, values in enumerate(given, start=2)]
    return found


def session_row(number: str = "CC-1", **changes: Any) -> dict[str, Any]:
    """A row of a session that was held."""
    row = {"session_no": number, "title": "第一讲", "programme": "online", "held_on": DAY, "host": "centre"}
    return {**row, "state": "held", **changes}


def roster_row(on: date, **changes: Any) -> dict[str, Any]:
    """A row of a unit on a day of the first drive."""
    return {"drive_no": "JZ-1", "on": on, "unit": "区教育局", "attended": 12, "vaccinated": 6, **changes}


def a_year() -> dict[str, list[dict[str, Any]]]:
    """A small workbook of a year, with something in every sheet."""
    return {
        "sessions": [session_row(), session_row("CC-2", state="cancelled"), session_row("CC-3", others_count=7)],
        "attendances": [
            {"session_no": "CC-3", "cadre_id": "G0002"},
            {"session_no": "CC-1", "cadre_id": "G0002"},
            {"session_no": "CC-1", "cadre_id": "G0001"},
        ],
        "works": [
            {"work_no": "ZP-1", "cadre_id": "G0001", "genre": "poem", "collected_on": DAY, "call": "喜迎二十大"},
            {"work_no": "ZP-2", "genre": "painting", "collected_on": DAY, "title": "红棉报春"},
        ],
        "health_checks": [{"batch_no": "TJ-01", "held_on": DAY, "hospital": "区中心医院"}],
        "health_check_persons": [{"batch_no": "TJ-01", "cadre_id": "G0001"}],
        "vaccination_drives": [{"drive_no": "JZ-1", "title": "第一次"}, {"drive_no": "JZ-2", "title": "第二次"}],
        "vaccination_rosters": [roster_row(date(2022, 4, 13)), roster_row(date(2022, 4, 12))],
    }


def plan(database: Database, today: date = TODAY, **sheets: Sequence[Mapping[str, Any]]) -> Plan:
    """What an import of the workbook of 2022 with these rows would do; nothing is kept."""
    try:
        with work(database) as session:
            raise DryRun(reconcile(session, ACTIVITIES, IMPORTABLE.sheets, 2022, rows(**sheets), today))
    except DryRun as run:
        return run.plan


def load(
    database: Database, today: date = TODAY, *, confirm: bool = False, **sheets: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[int, int]]:
    """Import the workbook of 2022 with these rows; return what was created and unchanged, by sheet.

    Raises NotLoadable, and Unconfirmed for what has to be confirmed, unless `confirm`.
    """
    counts = load_plan(database, today, confirm=confirm, **sheets).sheets
    return {name: (done.created, done.unchanged) for name, done in counts.items()}


def load_plan(
    database: Database, today: date = TODAY, *, confirm: bool = False, **sheets: Sequence[Mapping[str, Any]]
) -> Plan:
    """Import like `load`; return the whole plan."""
    with work(database) as session:
        done = reconcile(session, ACTIVITIES, IMPORTABLE.sheets, 2022, rows(**sheets), today)
        if done.digest and not confirm:
            raise Unconfirmed(done)
    return done


class Api(ServiceApi):
    """Activities' routes, called as over HTTP."""

    def __init__(self, database: Database) -> None:
        super().__init__(ActivitiesService, database, NOW, "centre")

    def post(self, path: str, **body: Any) -> Response:
        """A creation, with a key of its own."""
        return self("POST", path, body, Idempotency_Key=ids.new_id())

    def made(self, path: str, **body: Any) -> dict[str, Any]:
        """What a creation answers; it must succeed."""
        response = self.post(path, **body)
        assert response.status_code == 201, response.get_data(as_text=True)
        created: dict[str, Any] = response.json
        return created

    def unit(self, label: str) -> str:
        """The code of a unit, which is listed if need be."""
        for entry in self("GET", "/units").json["items"]:
            if entry["label"] == label:
                return str(entry["code"])
        return str(self("POST", "/units", {"label": label}).json["code"])

    def contradictions(self, state: str = "open") -> list[tuple[str, str]]:
        """Kind and record of the contradictions in a state."""
        found = self("GET", f"/contradictions?state={state}").json["items"]
        return sorted((item["kind"], item["record_id"]) for item in found)

    def held_session(self, **changes: Any) -> dict[str, Any]:
        """A lesson that was held on 10 May 2022."""
        lesson = {"programme": "online", "title": "线上第一讲", "held_on": "2022-05-10", "host": "centre"}
        return self.made("/sessions", **{**lesson, "state": "held", **changes})

    def attended(self, session_id: str, cadre_id: str, **more: str) -> dict[str, Any]:
        """An attendance."""
        return self.made(f"/sessions/{session_id}/attendances", cadre_id=cadre_id, **more)

    def amend(self, path: str, **changes: Any) -> Response:
        """A PATCH of the current version."""
        return self("PATCH", path, changes, If_Match=self("GET", path).headers["ETag"])


def problem(response: Response) -> tuple[int, str, str | None]:
    """Status, slug and first pointer of a problem document."""
    assert response.content_type == "application/problem+json", response.get_data(as_text=True)
    pointers = [error.get("pointer") for error in response.json.get("errors", [])]
    slug = response.json["type"].removeprefix("urn:hongxia:problem:")
    return response.status_code, slug, pointers[0] if pointers else None
