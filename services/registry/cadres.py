"""A cadre's record: found, locked, moved from one status to the next, told in events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from hongxia.http.problems import Conflict, FieldError, NotFound, Rule
from services.registry.models import Cadre, Status
from services.registry.particulars import Fault, age_band, masked

TRANSITIONS: Mapping[str, Mapping[Status, Status]] = MappingProxyType(
    {
        "amend": {Status.LIVING: Status.LIVING, Status.DECEASED: Status.DECEASED},
        "change": {Status.LIVING: Status.LIVING},
        "die": {Status.LIVING: Status.DECEASED},
        "correct-death": {Status.DECEASED: Status.DECEASED},
        "withdraw-death": {Status.DECEASED: Status.LIVING},
        "merge": {Status.LIVING: Status.MERGED, Status.DECEASED: Status.MERGED},
    }
)
"""What may be done with a record in a status, and the status that follows."""

_REFUSALS = {
    Status.DECEASED: ("cadre-deceased", "该干部已去世，只能更正信息"),
    Status.MERGED: ("cadre-merged", "该记录已并入另一记录，不能再改"),
}

_STATE = (
    *("retirement_category", "rank", "treatment", "unit", "street", "liaison"),
    *("advanced_age", "hardship", "living_alone", "resettled"),
)


def get(session: Session, cadre_id: str) -> Cadre:
    """A cadre, to read. Raises NotFound."""
    return _one(session, select(Cadre).where(Cadre.id == cadre_id))


def locked(session: Session, cadre_id: str) -> Cadre:
    """A cadre, locked until the end of the transaction. Raises NotFound."""
    query = select(Cadre).where(Cadre.id == cadre_id).with_for_update()
    return _one(session, query.execution_options(populate_existing=True))


def _one(session: Session, query: Select[Cadre]) -> Cadre:
    cadre = session.scalars(query).one_or_none()
    if cadre is None:
        raise NotFound("没有这名干部", slug="unknown-cadre")
    return cadre


def shown(cadre: Cadre, *, in_full: bool) -> dict[str, Any]:
    """A record as it is answered: the resident number masked unless `in_full`."""
    columns = {column.key: getattr(cadre, column.key) for column in Cadre.__table__.columns}
    return columns if in_full else {**columns, "resident_number": masked(cadre.resident_number)}


def listed(filters: Mapping[str, Any]) -> Select[Cadre]:
    """The cadres whose columns equal the filters; those who were merged only if `status` asks for them."""
    query = select(Cadre).filter_by(**filters)
    return query if "status" in filters else query.where(Cadre.status != Status.MERGED)


def step(cadre: Cadre, action: str) -> Status:
    """The status that follows an action of TRANSITIONS. Raises Rule for a cadre who died or was merged, Conflict for
    one who lives where the action takes a death.
    """
    status = Status(cadre.status)
    if status not in TRANSITIONS[action]:
        if status is Status.LIVING:
            raise Conflict("该干部登记为健在，请先登记去世", slug="wrong-state", extra={"state": status})
        slug, message = _REFUSALS[status]
        raise Rule(message, slug=slug, extra={"into": cadre.merged_into} if status is Status.MERGED else None)
    return TRANSITIONS[action][status]


def refuse(found: Iterable[Fault]) -> None:
    """Raises Rule if there are faults: all of them, by the first one's name."""
    listed = list(found)
    if listed:
        errors = [FieldError(fault.message_zh, pointer=f"#/{fault.field}".rstrip("/")) for fault in listed]
        raise Rule("；".join(fault.message_zh for fault in listed), slug=listed[0].slug, errors=errors)


def state(cadre: Cadre) -> dict[str, Any]:
    """What every event tells of a cadre."""
    return {
        **{name: getattr(cadre, name) for name in _STATE},
        "age_band": age_band(cadre.birth_date, cadre.registered_on),
        "registered_on": cadre.registered_on.isoformat(),
        "deceased_on": cadre.deceased_on.isoformat() if cadre.deceased_on else None,
    }


def tell(session: Session, event_type: EventType, cadre: Cadre, on: date, **more: str) -> None:
    """Raise an event that carries the cadre's state as it is now."""
    append(
        session,
        event_type,
        subject=cadre.id,
        entityversion=cadre.version,
        occurredon=on,
        data={**state(cadre), **more},
    )
