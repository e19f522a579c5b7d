"""The digest of a year: one hash over all its facts, so that two parties can tell whether they hold the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from services.reporting.facts.model import Fact

FIELDS = ("amount", "attrs", "entity", "kind", "on", "parent", "person", "version", "voided", "year")
"""What of a fact the digest covers: all that it says, and not where it was read."""

CHUNK = 2000


@dataclass(frozen=True)
class Digest:
    """The SHA-256 of a year, and over how many facts."""

    digest: str
    facts: int


def line(fact: Mapping[str, Any]) -> bytes:
    """A fact in canonical JSON (RFC 8785); `fact` is one item of GET /years/<year>/facts.

    Names are ASCII and values strings, integers, booleans, null, or lists and objects of these, for which the standard
    library writes just that.
    """
    said = {name: fact[name] for name in FIELDS}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def of_lines(lines: Iterable[bytes]) -> Digest:
    """The digest over facts in the order of kind, entity (both by bytes) and version: SHA-256 over their lines, each
    ended by LF.
    """
    count, whole = 0, sha256()
    for one in lines:
        whole.update(one + b"\n")
        count += 1
    return Digest(whole.hexdigest(), count)


def in_year(year: int) -> ColumnElement[bool]:
    """The facts of a year: those that count for it, and the standing ones that had begun."""
    return or_(Fact.year == year, and_(Fact.year.is_(None), Fact.on <= date(year, 12, 31)))


def of_year(session: Session, generation: int, year: int, pause: Callable[[], None]) -> Digest:
    """The digest of a year as a generation of facts holds it. `pause` lets others run now and then."""
    columns = [getattr(Fact, name) for name in FIELDS]
    query = (
        select(*columns).where(Fact.generation == generation, in_year(year)).order_by(Fact.kind, Fact.entity, Fact.step)
    )
    count, whole = 0, sha256()
    for rows in session.execute(query, execution_options={"yield_per": CHUNK}).partitions():
        for row in rows:
            whole.update(line({**row._mapping, "on": row.on.isoformat()}) + b"\n")
        count += len(rows)
        pause()
    return Digest(whole.hexdigest(), count)
