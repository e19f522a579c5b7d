"""What the tests of outreach build: its database in memory, cadres that it knows, and requests to its API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hongxia import ids
from hongxia.database import Database
from hongxia.events.context import Context
from hongxia.events.envelope import Event, canonical, parse, splice
from hongxia.events.tables import outbox, platform_metadata, start_log
from services.outreach.app import OutreachService
from services.outreach.models import Base, Cadre
from tests.unit.service_api import ServiceApi

TODAY = date(2023, 1, 10)
NOW = datetime(2023, 1, 10, 4, tzinfo=UTC)
CONTEXT = Context("urn:hongxia:outreach", NOW, "test")
LIN = ids.entity_id("cadre", "G0001")

CADRE_STATE = {
    "unit": "区教育局",
    "advanced_age": False,
    "hardship": True,
    "living_alone": False,
    "resettled": False,
    "liaison": "联络一组",
    "registered_on": "2012-05-01",
    "deceased_on": None,
}


def new_database() -> Database:
    """Outreach's database, empty, in memory."""
    database = Database("sqlite://")
    platform_metadata.create_all(database.engine)
    Base.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        start_log(connection)
    return database


@contextmanager
def work(database: Database) -> Iterator[Session]:
    """A unit of work."""
    with database.begin(CONTEXT) as session:
        yield session


def add_cadre(database: Database, cadre_no: str = "G0001", **state: Any) -> Cadre:
    """A cadre that outreach has learnt of, registered in 2012 and living unless told otherwise."""
    flags = dict.fromkeys(("advanced_age", "hardship", "living_alone", "resettled"), False)
    values = {"registered_on": date(2012, 5, 1), "version": 1, **flags, **state}
    cadre = Cadre(id=ids.entity_id("cadre", cadre_no), **values)
    with work(database) as session:
        session.add(cadre)
    return cadre


def events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """What was raised so far, in order: short type ("visit.recorded") and envelope."""
    with database.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.seq)).all()
    found = [json.loads(body) for body in bodies]
    return [(event["type"].removeprefix("hongxia.outreach.").removesuffix(".v1"), event) for event in found]


def types(database: Database) -> list[str]:
    """The short types of what was raised so far, in order."""
    return [name for name, _ in events(database)]


def event_of(event_type: str, subject: str, data: dict[str, Any], *, version: int = 1, position: int = 1) -> Event:
    """An event of another service, as it is delivered."""
    envelope = {
        "id": ids.entity_id("event", event_type, subject, version),
        "source": "urn:hongxia:" + event_type.split(".")[1],
        "type": event_type,
        "subject": subject,
        "time": "2023-01-09T00:00:00.000000Z",
        "data": data,
        "entityversion": version,
        "occurredon": "2022-12-31",
        "correlationid": "abroad",
    }
    return parse(splice(canonical(envelope), position, position, "0" * 64))


def cadre_event(what: str = "registered", version: int = 1, **state: Any) -> Event:
    """An event of the registry that tells a cadre's state."""
    return event_of(f"hongxia.registry.cadre.{what}.v1", LIN, {**CADRE_STATE, **state}, version=version)


class Api(ServiceApi):
    """Outreach's routes, called as over HTTP."""

    def __init__(self, database: Database) -> None:
        super().__init__(OutreachService, database, NOW)


def problem(response: Response) -> tuple[int, str]:
    """Status and slug of a problem document."""
    assert response.content_type == "application/problem+json"
    return response.status_code, response.json["type"].removeprefix("urn:hongxia:problem:")
