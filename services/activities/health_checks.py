"""Health-check batches and the cadres checked in them, one check for each batch and cadre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from services.activities import days, presence, records
from services.activities.events import (
    CHECK_AMENDED,
    CHECK_RECORDED,
    CHECK_VOIDED,
    HEALTH_CHECK_AMENDED,
    HEALTH_CHECK_HELD,
    HEALTH_CHECK_VOIDED,
)
from services.activities.models import Check, HealthCheck
from services.activities.transitions import BATCH_VOIDED, EVENT, NEW, move, must_be


def _data(batch: HealthCheck, check: Check) -> dict[str, Any]:
    return {"batch_id": batch.id, "cadre_id": check.cadre_id, "checked_on": check.on.isoformat()}


CHECK = presence.Kind(
    entity="check",
    model=Check,
    owner=HealthCheck,
    day="checked_on",
    too_early="check-before-batch",
    recorded=CHECK_RECORDED,
    amended=CHECK_AMENDED,
    voided=CHECK_VOIDED,
    data=_data,
)


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch that took place."""

    batch_no: str | None
    held_on: date
    hospital: str


def id_of_new(session: Session, new: NewBatch) -> str:
    """The id of a batch to be. Raises Conflict (health-check-exists) if the year has its number."""
    return records.numbered_id(session, HealthCheck, new.held_on.year, new.batch_no, "batch_no")


def enter(session: Session, batch_id: str, new: NewBatch, today: date) -> HealthCheck:
    """Write a batch down. Raises Rule (date-too-early, date-in-future)."""
    days.past(new.held_on, today, "#/held_on")
    batch = HealthCheck(id=batch_id, year=new.held_on.year, state=NEW, version=0, **asdict(new))
    move(batch, EVENT, "held")
    session.add(batch)
    _tell(session, HEALTH_CHECK_HELD, batch)
    return batch


def amend(session: Session, batch: HealthCheck, changes: Mapping[str, Any], today: date) -> HealthCheck:
    """Correct a batch; its checks follow its date (see presence.follow). Raises Conflict (wrong-state), Rule."""
    must_be(batch, "held")
    old_day = batch.held_on
    changed = records.change(batch, changes)
    days.past(batch.held_on, today, "#/held_on")
    if changed:
        _tell(session, HEALTH_CHECK_AMENDED, batch)
    if "held_on" in changed:
        presence.follow(session, CHECK, batch, old_day, every=False)
    return batch


def void(session: Session, batch: HealthCheck, reason: str) -> HealthCheck:
    """A batch that does not count, nor do its checks. Raises Conflict (wrong-state)."""
    move(batch, EVENT, "voided", reason)
    _tell(session, HEALTH_CHECK_VOIDED, batch)
    presence.void_all(session, CHECK, batch, BATCH_VOIDED)
    return batch


def record_check(
    session: Session, batch: HealthCheck, cadre_id: str, checked_on: date | None, today: date
) -> presence.Entry:
    """Record one cadre checked in a batch (locked by the caller). Raises what presence.record raises."""
    known = presence.known(session, CHECK, [(batch.id, cadre_id)])
    return presence.record(session, CHECK, batch, cadre_id, checked_on, known, today)


def _tell(session: Session, event_type: EventType, batch: HealthCheck) -> None:
    append(
        session,
        event_type,
        subject=batch.id,
        entityversion=batch.version,
        occurredon=batch.held_on,
        data={"checked_on": batch.held_on.isoformat()},
    )
