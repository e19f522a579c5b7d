"""One visit recorded for real, from a cadre's registration to the fact in reporting, with every call noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hongxia.database import Database, migrate
from hongxia.events import feed, relay
from hongxia.events.context import Context
from hongxia.events.declare import source_urn
from hongxia.events.envelope import Event, parse
from services.outreach.app import OutreachService
from services.registry.app import RegistryService
from services.reporting.app import ReportingService
from tests.datakeys import DATA_KEYS
from tests.unit.registry_builders import resident_number
from tests.unit.service_api import ServiceApi
from tests.walk.entries import Entries

NOW = datetime(2023, 1, 10, 4, tzinfo=UTC)
SERVICES = Path(__file__).parents[2] / "services"
CADRE = {
    "name": "林晓霞",
    "resident_number": resident_number(),
    "sex": "2",
    "political_status": "01",
    "retirement_category": "2",
    "rank": "132",
    "treatment": "132",
    "registered_on": "2012-05-01",
}
VISIT = {
    "visited_on": "2022-07-01",
    "form": "home",
    "category": "love_knocks",
    "occasion": "birthday",
    "five_must": False,
    "people": 2,
}


class NotRecorded(Exception):
    """A service refused what the walk sends."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The files that the visit enters: in outreach while it is recorded, in reporting while it becomes a fact."""

    outreach: tuple[str, ...]
    reporting: tuple[str, ...]


def walk(directory: Path) -> Walk:
    """Record a visit of a registered cadre; databases are made in the directory. Raises NotRecorded."""
    registry, outreach, reporting = (
        _opened(service, directory) for service in (RegistryService, OutreachService, ReportingService)
    )
    try:
        places = {"unit": "区教育局", "street": "石桥街道"}
        codes = {name: _posted(registry, f"/{name}s", {"label": label})["code"] for name, label in places.items()}
        cadre = _posted(registry, "/cadres", {**CADRE, **codes})
        _deliver(registry, outreach)
        with Entries(SERVICES / "outreach") as in_outreach:
            _posted(outreach, "/visits", {**VISIT, "cadre_id": cadre["id"]})
        with Entries(SERVICES / "reporting") as in_reporting:
            _deliver(outreach, reporting)
    finally:
        for api in (registry, outreach, reporting):
            api.service.host.database.close()
    return Walk(tuple(in_outreach.files), tuple(in_reporting.files))


def _opened(service: type[Any], directory: Path) -> ServiceApi:
    url = f"sqlite:///{directory}/{service.name}.sqlite3"
    migrate(url, service.definition.migrations)
    return ServiceApi(service, Database(url, keys=DATA_KEYS), NOW)


def _posted(api: ServiceApi, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = api("POST", path, body, Idempotency_Key=f"walk-{path}")
    if response.status_code != 201:
        raise NotRecorded(f"POST {path}: {response.get_data(as_text=True)}")
    made: dict[str, Any] = response.json
    return made


def _deliver(source: ServiceApi, consumer: ServiceApi) -> None:
    """Give a service's events to another one's consumer, in their order."""
    name = source.service.name
    relay.number(source.service.host.database, Context(source_urn(name), NOW, "walk"))
    with source.service.host.database.read() as session:
        events: Sequence[Event] = [parse(body) for body in feed.page(session, 0)]
    handle = _consumer_of(consumer.service, name)
    with consumer.service.host.database.begin(Context(source_urn(consumer.service.name), NOW, "walk")) as session:
        handle(session, events)


def _consumer_of(service: Any, source: str) -> Any:
    """The method that nameko calls with the events of a source."""
    for name in dir(type(service)):
        for entrypoint in getattr(getattr(type(service), name), "nameko_entrypoints", ()):
            if getattr(entrypoint, "source", None) == source:
                return getattr(service, name)
    raise LookupError(f"{service.name} reads no events of {source}")
