"""What services do by themselves as soon as they start, without waiting for their hourly timers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hongxia.database import Database, migrate
from hongxia.events.tables import outbox
from hongxia.runtime.service import Service
from services.outreach.app import OutreachService
from services.registry.app import RegistryService
from tests.datakeys import DATA_KEYS
from tests.unit.registry_builders import context, list_labels, registered, resident_number
from tests.unit.runtime_builders import eventually
from tests.unit.web_builders import running


def published(database: Database, what: str) -> list[dict[str, Any]]:
    """The data of the events of a type that wait to be sent, or were."""
    with database.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.seq)).all()
    return [event["data"] for event in map(json.loads, bodies) if event["type"] == f"hongxia.{what}.v1"]


def prepared(service: type[Service], folder: Path) -> Database:
    """The migrated database of a service that has not started yet."""
    url = f"sqlite:///{folder / service.name}.sqlite3"
    migrate(url, service.definition.migrations)
    return Database(url, keys=DATA_KEYS)


def test_the_registry_announces_the_milestones_of_the_month_when_it_starts(tmp_path: Path) -> None:
    database = prepared(RegistryService, tmp_path)
    with database.begin(context()) as session:
        list_labels(session)
        registered(session, resident_number=resident_number("19520715"))
    with running(RegistryService, tmp_path):  # on 1 July 2022
        [due] = eventually(lambda: published(database, "registry.milestone.due"), "a milestone is announced")
    assert (due["milestone"], due["month"]) == ("age-70", "2022-07")


class WithoutConsumers(OutreachService):
    """Outreach that reads no queue: reading one in memory blocks a process that is not patched, as tests are."""

    from_registry = from_finance = None  # type: ignore[assignment]


def test_outreach_publishes_the_kinds_with_which_its_list_begins_when_it_starts(tmp_path: Path) -> None:
    database = prepared(OutreachService, tmp_path)
    for _ in range(2):
        with running(WithoutConsumers, tmp_path):
            found = eventually(lambda: published(database, "outreach.obligation-kind.changed"), "kinds are published")
    codes = [kind["code"] for kind in found]
    assert len(codes) == len(set(codes)) == 8
