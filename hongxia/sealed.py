"""Columns whose texts are sealed in the database (see hongxia.datakeys), and how they are found again.

>>> class Stay(Record, Base):
...     hospital: Mapped[str | None] = mapped_column(Sealed)

The attribute holds the text in clear; it is sealed when the record is flushed and opened when it is loaded. Table,
column and the record's id are bound into the sealed text, so that a cell can't be moved. A sealed column can't be
compared in a statement: `Record.hashes` names columns that hold keyed hashes for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Engine, Table, Text, TypeDecorator, event, inspect, select
from sqlalchemy.orm import Mapper, Session

from hongxia.datakeys import KeyRing

_RINGS: WeakKeyDictionary[Dialect, KeyRing] = WeakKeyDictionary()
"""The key ring of each open database. Types are bound to a dialect, and every engine has a dialect of its own."""


class NoKeys(Exception):
    """Personal data was read or written in a database that was opened without keys."""


def use(engine: Engine, ring: KeyRing) -> None:
    """Seal and open what is written and read through an engine with the keys of a ring."""
    _RINGS[engine.dialect] = ring


def ring_of(dialect: Dialect) -> KeyRing:
    """Return the ring of a database. Raises NoKeys."""
    ring = _RINGS.get(dialect)
    if ring is None:
        raise NoKeys("the database was opened without data keys")
    return ring


def keys(session: Session) -> KeyRing:
    """Return the ring of a session's database. Raises NoKeys."""
    return ring_of(session.get_bind().dialect)


class Placed(str):
    """A text in clear that knows the place for which it is to be sealed."""

    place: str = ""


class Closed(str):
    """A sealed text as it was read from the database, with the ring that opens it."""

    ring: KeyRing


class Sealed(TypeDecorator[str]):
    """The type of a sealed column. A statement beside the ORM binds what `placed` returns, and `opened` reads it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Seal a text. Raises TypeError for one without a place: it would be a comparison, which can't hold."""
        if value is None:
            return None
        if not isinstance(value, Placed):
            raise TypeError("a sealed column is written through its record and can't be compared")
        return ring_of(dialect).seal(value, value.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the sealed text with the ring that opens it."""
        if value is None:
            return None
        closed = Closed(value)
        closed.ring = ring_of(dialect)
        return closed


def place_of(table: str, column: str, record_id: str) -> str:
    """Return the place that is bound into a sealed text."""
    return "\x1f".join((table, column, record_id))


def sealed_columns(table: Table) -> list[str]:
    """Return the names of a table's sealed columns."""
    return [column.name for column in table.columns if isinstance(column.type, Sealed)]


def placed(model: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a record (its `id` among them) as a statement beside the ORM takes them."""
    table = model.__table__
    found = dict(values)
    for name in sealed_columns(table):
        if found.get(name) is not None:
            found[name] = _placed(found[name], place_of(table.name, name, found["id"]))
    return found


def opened(model: type[Any], name: str, record_id: str, text: Any) -> Any:
    """Return a text in clear that a statement beside the ORM selected; None stays None. Raises Unsealable."""
    if not isinstance(text, Closed):
        return text
    return text.ring.open(text, place_of(model.__table__.name, name, record_id))


def digest(session: Session, model: type[Any], column: str, text: str) -> str:
    """Return what a column of `Record.hashes` holds where the hashed text is `text`."""
    return keys(session).digest(f"{model.__table__.name}.{column}", text)


def watch(base: type[Any]) -> None:
    """Seal and open the sealed columns of all models that inherit from `base`, and fill the columns of its `hashes`."""
    event.listen(base, "mapper_configured", _watch_model, propagate=True)


def _watch_model(mapper: Mapper[Any], model: type[Any]) -> None:
    if not sealed_columns(model.__table__):
        return
    event.listen(model, "load", _open)
    event.listen(model, "refresh", _open)
    for moment in ("before_insert", "before_update"):
        event.listen(model, moment, _place)
    for moment in ("after_insert", "after_update"):
        event.listen(model, moment, _strip)


def _open(record: Any, *_context: Any) -> None:
    """Open what was just loaded. The state's own dictionary is written, because opening is no change."""
    state = inspect(record).dict
    for name in sealed_columns(record.__table__):
        text = state.get(name)
        if isinstance(text, Closed):
            state[name] = text.ring.open(text, place_of(record.__table__.name, name, state["id"]))


def _place(_mapper: Mapper[Any], connection: Connection, record: Any) -> None:
    """Tell the sealed texts of a record that is about to be written their places, and hash what is searched."""
    state, table = inspect(record).dict, record.__table__
    for name in sealed_columns(table):
        if state.get(name) is not None:
            state[name] = _placed(state[name], place_of(table.name, name, record.id))
    ring = ring_of(connection.dialect)
    for column, attribute in record.hashes.items():
        text = getattr(record, attribute)
        hashed = None if text is None else ring.digest(f"{table.name}.{column}", str(text))
        if getattr(record, column) != hashed:
            setattr(record, column, hashed)


def _strip(_mapper: Mapper[Any], _connection: Connection, record: Any) -> None:
    """Make plain texts of those that know their places."""
    state = inspect(record).dict
    for name in sealed_columns(record.__table__):
        if isinstance(state.get(name), Placed):
            state[name] = str(state[name])


def _placed(text: str, place: str) -> Placed:
    found = Placed(text)
    found.place = place
    return found


def all_sealed(tables: Iterable[Table]) -> dict[Table, list[str]]:
    """Return the sealed columns of those tables that have any."""
    return {table: names for table in tables if (names := sealed_columns(table))}


def must_open(session: Session, tables: Iterable[Table]) -> None:
    """Open one record of each table, to notice keys that are not this database's. Raises Unsealable, NoKeys."""
    for table, names in all_sealed(tables).items():
        row = session.execute(select(table.c.id, *(table.c[name] for name in names)).limit(1)).one_or_none()
        for name, text in zip(names, row[1:] if row is not None else (), strict=row is not None):
            if isinstance(text, Closed):
                text.ring.open(text, place_of(table.name, name, row.id))  # type: ignore[union-attr]
