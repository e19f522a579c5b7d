"""Many rows in one statement. PostgreSQL is handed them as one JSON parameter, which costs the client far less than
a parameter for each value; SQLite has no server to send them to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import JSON, LargeBinary, Table, Text, bindparam, cast, column, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

Row = Mapping[str, Any]


def add(session: Session, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows."""
    _run(session, table, rows, replace=False)


def put(session: Session, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; one that is there is replaced if the new one has a later (version, position). No two of the rows
    may have the same key.
    """
    _run(session, table, rows, replace=True)


def _run(session: Session, table: Table, rows: Sequence[Row], *, replace: bool) -> None:
    dialect = session.get_bind().dialect.name
    statement = _statement(dialect, table, replace)
    if not rows:
        return
    if dialect == "postgresql":
        session.execute(statement, {"rows": json.dumps(rows, default=_plain, ensure_ascii=False)})
    else:
        session.execute(statement, rows)


def _plain(value: Any) -> str:
    """Return what JSON has no type for: dates, and the bytes of an event, which are UTF-8."""
    return value.decode() if isinstance(value, bytes) else date.isoformat(value)


@cache
def _statement(dialect: str, table: Table, replace: bool) -> Any:
    statement: Any = _from_json(table) if dialect == "postgresql" else sqlite.insert(table)
    if not replace:
        return statement
    old, new = table.c, statement.excluded
    later = or_(
        old.version < new.version,
        (old.version == new.version) & (old.position < new.position),
    )
    key = table.primary_key.columns
    changed = {column.name: new[column.name] for column in old if column.name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed, where=later)


def _from_json(table: Table) -> Any:
    typed = [column(c.name, Text() if isinstance(c.type, LargeBinary) else c.type) for c in table.columns]
    sent = func.json_to_recordset(cast(bindparam("rows", type_=Text()), JSON))
    rows = sent.table_valued(*typed).render_derived(name="sent", with_types=True)
    values = [
        func.convert_to(rows.c[c.name], "UTF8") if isinstance(c.type, LargeBinary) else rows.c[c.name]
        for c in table.columns
    ]
    return postgresql.insert(table).from_select([c.name for c in table.columns], select(*values))
