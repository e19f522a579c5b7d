"""The events that are measured: monthly contacts, as outreach publishes them, in outreach's own outbox."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hongxia import ids
from hongxia.database import Database
from hongxia.events.context import Context
from hongxia.events.declare import source_urn
from hongxia.events.outbox import append
from services.outreach.contacts.events import CONTACT_MADE

SERVICE = "outreach"
PERSONS = 1000


def context() -> Context:
    """A context of outreach's."""
    return Context(source_urn(SERVICE), datetime.now(UTC), ids.new_id())


def commit(database: Database, count: int, label: str, batch: int = 1000) -> None:
    """Commit `count` new contacts, `batch` a transaction; `label` keeps their ids apart from other runs'."""
    for start in range(0, count, batch):
        with database.begin(context()) as session:
            for index in range(start, min(start + batch, count)):
                day = date(2022, 1 + index % 12, 1 + index % 28)
                append(
                    session,
                    CONTACT_MADE,
                    subject=ids.entity_id("bench-contact", label, index),
                    entityversion=1,
                    occurredon=day,
                    data=_data(index, day),
                )


def _data(index: int, day: date) -> dict[str, str]:
    return {
        "cadre_id": ids.entity_id("bench-cadre", index % PERSONS),
        "contacted_on": day.isoformat(),
        "month": f"{day:%Y-%m}",
        "method": "phone",
    }
