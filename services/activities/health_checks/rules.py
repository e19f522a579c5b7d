"""What may be recorded of health-check batches, amended and voided."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import past_day, refuse
from services.activities.checks.rules import CHECK
from services.activities.health_checks.events import HEALTH_CHECK_AMENDED, HEALTH_CHECK_HELD, HEALTH_CHECK_VOIDED
from services.activities.health_checks.model import HealthCheck
from services.activities.presence import rules as presence
from services.activities.twins import ask_about_twin


def record(
    session: Session, batch_id: str, values: Mapping[str, Any], today: date, confirmed: Collection[str] = ()
) -> HealthCheck:
    """Record a batch. Raises Refused, Question (entered-twice)."""
    refuse(past_day("held_on", values["held_on"], today))
    batch = HealthCheck(id=batch_id, **values)
    _ask_about_twin(session, batch, confirmed)
    records.begin(session, batch, "record")
    publish(session, HEALTH_CHECK_HELD, batch, on=batch.held_on)
    return batch


def amend(session: Session, batch: HealthCheck, changes: Mapping[str, Any], reason: str, today: date) -> HealthCheck:
    """Change what was recorded of a batch; its checks follow its date (see presence.follow).

    Raises Conflicting (wrong-state), Refused.
    """
    batch.lifecycle.after(batch.state, "amend")
    old_day = batch.held_on
    refuse(past_day("held_on", changes.get("held_on", old_day), today))
    changed = records.change(session, batch, changes)
    if changed:
        publish(session, HEALTH_CHECK_AMENDED, batch, on=batch.held_on, changed=changed, reason=reason)
    if "held_on" in changed:
        presence.follow(session, CHECK, batch, old_day, changed=(), today=today)
    return batch


def void(session: Session, batch: HealthCheck, reason: str) -> HealthCheck:
    """Void a batch: it does not count any more, nor do its checks. Raises Conflicting."""
    records.move(session, batch, "void", reason=reason)
    publish(session, HEALTH_CHECK_VOIDED, batch, on=batch.held_on, reason=reason)
    presence.void_all(session, CHECK, batch)
    return batch


def _ask_about_twin(session: Session, batch: HealthCheck, confirmed: Collection[str]) -> None:
    message = f"{batch.held_on} 在“{batch.hospital}”已有一批体检；确为另一批的，请确认后登记"
    alike = (HealthCheck.held_on == batch.held_on, HealthCheck.state == "held")
    ask_about_twin(session, batch, "batch_no", alike, ("held_on", message), confirmed, sealed="hospital")
