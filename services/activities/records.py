"""Finding records, locking them, listing them, and noting what an amendment changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hongxia import ids
from hongxia.http.problems import Conflict, NotFound
from hongxia.paging import Page, paginate
from services.activities.models import Record

R = TypeVar("R", bound=Record)

CHUNK = 500


def get(session: Session, model: type[R], record_id: str) -> R:
    """A record to read. Raises NotFound."""
    record = session.get(model, record_id)
    if record is None:
        raise _unknown(model)
    return record


def locked(session: Session, model: type[R], record_id: str) -> R:
    """A record to change, locked until the end of the transaction. Raises NotFound."""
    query = select(model).where(model.id == record_id).with_for_update().execution_options(populate_existing=True)
    record = session.scalars(query).one_or_none()
    if record is None:
        raise _unknown(model)
    return record


def _unknown(model: type[Record]) -> NotFound:
    return NotFound(f"没有找到对应的{model.label}", slug=f"unknown-{model.thing}")


def by_id(session: Session, model: type[R], wanted: Iterable[str]) -> dict[str, R]:
    """Those of the records that there are, locked, in the order of their ids so that two callers do not deadlock."""
    found: dict[str, R] = {}
    remaining = sorted(set(wanted))
    for start in range(0, len(remaining), CHUNK):
        query = select(model).where(model.id.in_(remaining[start : start + CHUNK])).order_by(model.id)
        found |= {record.id: record for record in session.scalars(query.with_for_update())}
    return found


def numbered_id(session: Session, model: type[Record], year: int, number: str | None, field: str) -> str:
    """The id of a new record: derived from its number, as a workbook's row would have it, or fresh if it has none.

    Raises Conflict if the year has that number.
    """
    if number is None:
        return ids.new_id()
    record_id = ids.entity_id(model.thing, year, number)
    if session.get(model, record_id) is not None:
        raise Conflict(f"本年度已有这个编号的{model.label}", slug=f"{model.thing}-exists", pointer=f"#/{field}")
    return record_id


def listed(session: Session, model: type[R], day: InstrumentedAttribute[Any], asked: dict[str, Any]) -> Page:
    """A page by date: what `asked` names besides limit and cursor is `since`, `until`, or a column to be equal."""
    query = select(model)
    if asked["since"]:
        query = query.where(day >= asked["since"])
    if asked["until"]:
        query = query.where(day <= asked["until"])
    for name in asked.keys() - {"since", "until", "limit", "cursor"}:
        if asked[name] is not None:
            query = query.where(getattr(model, name) == asked[name])
    return paginate(session, query, [day, model.id], asked)


def change(record: Record, changes: Mapping[str, Any]) -> set[str]:
    """Put in what differs, and count a version if anything does; returns the names of what differed."""
    differing = {name for name, value in changes.items() if getattr(record, name) != value}
    for name in differing:
        setattr(record, name, changes[name])
    record.version += bool(differing)
    return differing
