"""Seal with the current key what older keys sealed, in batches, while the service goes on."""

from __future__ import annotations

from sqlalchemy import MetaData, Table, cast, not_, or_, select, update
from sqlalchemy import Text as PlainText
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.datakeys import KeyRing
from hongxia.sealed import all_sealed, place_of

BATCH = 500
"""How many records are locked at a time."""


def reseal(database: Database, metadata: MetaData) -> int:
    """Seal every text anew that another key than the current one sealed; return how many records had such a text.

    A record's version stays: what it says has not changed. Raises Unsealable for a text that no key of the ring opens;
    the batches before it are done then.
    """
    done = 0
    for table, names in all_sealed(metadata.tables.values()).items():
        after = ""
        while True:
            with database.begin(None) as session:
                found = _reseal_batch(session, database.keys, table, names, after)
            done += len(found)
            if len(found) < BATCH:
                break
            after = found[-1]
    return done


def _reseal_batch(session: Session, keys: KeyRing, table: Table, names: list[str], after: str) -> list[str]:
    """Seal one batch anew; return the ids of its records, sorted."""
    stored = {name: cast(table.c[name], PlainText).label(name) for name in names}
    old = or_(*(not_(text.startswith(keys.current_prefix, autoescape=True)) for text in stored.values()))
    query = select(table.c.id, *stored.values()).where(old, table.c.id > after).order_by(table.c.id).limit(BATCH)
    rows = session.execute(query.with_for_update()).all()
    for row in rows:
        values = {}
        for name in names:
            sealed = row._mapping[name]
            if sealed is not None:
                place = place_of(table.name, name, row.id)
                values[name] = cast(keys.seal(keys.open(sealed, place), place), PlainText)
        session.execute(update(table).where(table.c.id == row.id).values(values))
    return [row.id for row in rows]
