"""How every service reads, locks, lists, creates and changes its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Select, String, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from hongxia import ids, sealed
from hongxia.events.context import context_of
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.paging import Page, paginate
from hongxia.rules import Conflicting, Missing, Violation

IDS_A_QUERY = 500
"""How many ids one statement takes; databases limit the number of parameters."""


class Record:
    """Mixin of the tables of records. `version` counts the changes from 1 and is the events'
    entityversion; `void_reason` is a code of hongxia.codes.VOID_REASONS; `changed_by` is the subject of the token
    behind the last change. `hashes` maps columns to the attributes whose keyed hashes they hold (hongxia.sealed).
    """

    lifecycle: ClassVar[Lifecycle]
    hashes: ClassVar[Mapping[str, str]] = MappingProxyType({})

    id: Mapped[str] = mapped_column(String(36), primary_key=True, sort_order=-1)
    state: Mapped[str] = mapped_column(String(20), sort_order=90)
    void_reason: Mapped[str | None] = mapped_column(String(32), sort_order=91)
    version: Mapped[int] = mapped_column(sort_order=92)
    changed_by: Mapped[str] = mapped_column(String(200), sort_order=93)


sealed.watch(Record)

R = TypeVar("R", bound=Record)


def model_of(lifecycle: Lifecycle) -> type[Any]:
    """Return the one model whose records have a life cycle. Raises LookupError."""
    for model in _heirs(Record):
        if getattr(model, "lifecycle", None) is lifecycle and hasattr(model, "__table__"):
            return model
    raise LookupError(lifecycle.thing)


def _heirs(model: type[Any]) -> Iterator[type[Any]]:
    for heir in model.__subclasses__():
        yield heir
        yield from _heirs(heir)


def missing(model: type[Record], record_id: str) -> Missing:
    """Return the refusal for a record that is not there."""
    thing, label = model.lifecycle.thing, model.lifecycle.label
    what = label if label.endswith("记录") else f"{label}记录"
    return Missing(Violation("", f"unknown-{thing}", f"没有编号为 {record_id} 的{what}"))


def get(session: Session, model: type[R], record_id: str) -> R:
    """Return a record to read. Raises Missing."""
    record = session.get(model, record_id)
    if record is None:
        raise missing(model, record_id)
    return record


def lock(session: Session, model: type[R], record_id: str) -> R:
    """Return a record to change, locked until the end of the transaction. Raises Missing."""
    record = session.get(model, record_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise missing(model, record_id)
    return record


def by_ids(session: Session, model: type[R], wanted: Iterable[str], *, locked: bool = False) -> dict[str, R]:
    """Return those of the records that exist, by id. With `locked` they are locked in the order of ids, so that two
    callers can't wait for each other.
    """
    found: dict[str, R] = {}
    for part in in_parts(sorted(set(wanted))):
        query = select(model).where(model.id.in_(part)).order_by(model.id)
        if locked:
            query = query.with_for_update().execution_options(populate_existing=True)
        found.update((record.id, record) for record in session.scalars(query))
    return found


def in_parts(wanted: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield ids in portions that one statement can take."""
    for start in range(0, len(wanted), IDS_A_QUERY):
        yield wanted[start : start + IDS_A_QUERY]


def listed(
    session: Session,
    model: type[R],
    asked: Mapping[str, Any],
    *,
    order: str,
    narrow: Callable[[Select[Any]], Select[Any]] | None = None,
) -> Page:
    """Return a page of records, sorted by the column `order` and then by id.

    `asked` is the query: `limit`, `cursor`, `since` and `until` (bounds of `order`, both included), and columns that
    have to be equal. `narrow` adds further conditions.
    """
    by: InstrumentedAttribute[Any] = getattr(model, order)
    query: Select[Any] = select(model)
    if narrow is not None:
        query = narrow(query)
    if asked.get("since") is not None:
        query = query.where(by >= asked["since"])
    if asked.get("until") is not None:
        query = query.where(by <= asked["until"])
    for name in asked.keys() - {"since", "until", "limit", "cursor"}:
        column = getattr(model, name, None)
        if asked[name] is not None and column is not None:
            query = query.where(column == asked[name])
    return paginate(session, query, [by, model.id], asked)


def numbered_id(session: Session, model: type[Record], year: int, number: str | None, field: str) -> str:
    """Return the id of a new record: derived from its number in the year, so that a workbook's row and a request with
    the same number have the same id, or a random one if it has no number. Raises Conflicting if the number is taken.
    """
    if number is None:
        return ids.new_id()
    thing, label = model.lifecycle.thing, model.lifecycle.label
    record_id = ids.entity_id(thing, year, number)
    if session.get(model, record_id) is not None:
        message = (
            f"{year}年已有编号为“{number}”的{label}；同一条不必再登记，有误的请修改已登记的那条，另一条请换一个编号"
        )
        raise Conflicting(Violation(field, f"{thing}-exists", message), extra={"existing": record_id})
    return record_id


def begin(session: Session, record: Record, verb: str) -> None:
    """Add a new record to the session, in the state that `verb` leads to. Raises Conflicting."""
    record.state = record.lifecycle.after(NEW, verb)
    record.version = 1
    record.changed_by = context_of(session).actor
    session.add(record)


def move(session: Session, record: Record, verb: str, *, reason: str | None = None) -> None:
    """Take a record to the state that follows a verb, as a new version. `reason` becomes its `void_reason`.

    Raises Conflicting.
    """
    record.state = record.lifecycle.after(record.state, verb)
    record.void_reason = reason
    touch(session, record)


def change(session: Session, record: Record, changes: Mapping[str, Any], verb: str = "amend") -> list[str]:
    """Set the fields that differ, as a new version if there are any; return their names, sorted.

    Raises Conflicting if the record's state does not allow the verb.
    """
    after = record.lifecycle.after(record.state, verb)
    differing = sorted(name for name, value in changes.items() if getattr(record, name) != value)
    for name in differing:
        setattr(record, name, changes[name])
    if differing:
        record.state = after
        touch(session, record)
    return differing


def touch(session: Session, record: Record) -> None:
    """Make the record's next version, changed by the actor of the session."""
    record.version += 1
    record.changed_by = context_of(session).actor
