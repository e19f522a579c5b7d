"""What a service says of itself, apart from its endpoints: events, workbooks, tables, migrations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import MetaData
from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.workbook.declare import Finding, Row, Workbook

Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an import did to one sheet: rows that made something new, and rows that were there already."""

    created: int
    unchanged: int


class NotLoadable(Exception):
    """Rows that the records already kept do not allow: a finding each."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


Load = Callable[[Session, int, Rows, date], Mapping[str, Loaded]]
"""(session, year, rows by sheet name, today) → what was done, by sheet name. Raises NotLoadable."""

Forget = Callable[[Session, str], None]
"""(session, source): drop what was learnt from a source whose history is to be read anew."""


@dataclass(frozen=True, slots=True)
class Importable:
    """A workbook, what puts its rows into the service's records, and the roles that may do so."""

    workbook: Workbook
    load: Load
    roles: tuple[str, ...]


def _nothing_learnt(_session: Session, _source: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Definition:
    """One service. `title` is Chinese; `migrations` is "package:folder"; the `front` service answers at `/`."""

    title: str
    metadata: MetaData
    migrations: str
    events: tuple[EventType, ...] = ()
    workbooks: tuple[Importable, ...] = field(default=())
    forget: Forget = _nothing_learnt
    front: bool = False
