"""What the rows of workbooks said when they were last imported, and which file they came with.

A file has no name that lasts: the same file, sent again with some rows changed, is recognised by the rows that it
shares with the earlier one. A row may be in several files (a session or a budget line that the rows of each file
refer to); it is gone only once no file has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, delete, insert, select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.events.tables import platform_metadata
from hongxia.records import in_parts
from hongxia.workbook.declare import Row, Sheet, Workbook

BETWEEN = "\x1f"
"""Stands between the parts of a key; no cell can hold it."""

imported_row = Table(
    "imported_row",
    platform_metadata,
    Column("workbook", String(30), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("sheet", String(40), primary_key=True),
    Column("key", String(250), primary_key=True, comment="the row's natural key"),
    Column("record_id", String(36), nullable=False),
    Column("row", JSON, nullable=False, comment="a digest of each column as imported"),
    Column("record", JSON, nullable=False, comment="a digest of each column as the record had it then"),
    Column("files", JSON, nullable=False, comment="the files that the row came with"),
    Column("gone", Boolean, nullable=False, comment="whether the row was no longer in its file at last"),
)
Index("ix_imported_row_record_id", imported_row.c.record_id)

_STATE = ("record_id", "row", "record", "files", "gone")


def key_of(sheet: Sheet, row: Row) -> str:
    """Return the row's natural key as one text."""
    return BETWEEN.join(str(part) for part in sheet.key_of(row.values))


def key_text(key: str) -> str:
    """Return a key as a person reads it."""
    return key.replace(BETWEEN, " / ")


@dataclass(slots=True)
class History:
    """The rows of a workbook's year as last imported, by sheet and key; `file` is the id of the file at hand."""

    session: Session
    workbook: str
    year: int
    file: str = ""
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    here: dict[str, set[str]] = field(default_factory=dict)
    _noted: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session, workbook: Workbook, year: int, rows: Mapping[str, Sequence[Row]]) -> History:
        """Read what is known of the workbook's year, and recognise the file by its rows."""
        history = cls(session, workbook.name, year)
        for sheet in workbook.sheets:
            history.known[sheet.name] = {}
            history.here[sheet.name] = {key_of(sheet, row) for row in rows.get(sheet.name, ())}
        for found in session.execute(select(imported_row).filter_by(workbook=workbook.name, year=year)):
            history.known.setdefault(found.sheet, {})[found.key] = found
        history.file = history._recognised(workbook) or ids.new_id()
        return history

    def _recognised(self, workbook: Workbook) -> str | None:
        """Return the file that shares the most rows with this one. Sheets that others refer to are repeated in every
        file, so they decide only where no other sheet does, and not for a file whose other rows are different ones.
        """
        repeated = {column.refers_to for sheet in workbook.sheets for column in sheet.columns if column.refers_to}
        own = [sheet.name for sheet in workbook.sheets if sheet.name not in repeated]
        votes = self._votes(own)
        if not votes:
            votes = self._votes(repeated)
            if any(self.here[name] for name in own):
                for file in _files_of(row for name in own for row in self.known[name].values()):
                    del votes[file]
        return min(votes, key=lambda file: (-votes[file], file)) if votes else None

    def _votes(self, sheets: Iterable[str]) -> Counter[str]:
        found = (self.known[name].get(key) for name in sheets for key in self.here[name])
        return Counter(_files_of(row for row in found if row is not None and not row.gone))

    def other_years(self, sheet: str) -> tuple[dict[str, Any], set[str]]:
        """Return the rows of the latest year before by key, and the keys that later years have."""
        earlier: dict[str, Any] = {}
        later: set[str] = set()
        query = select(imported_row).filter_by(workbook=self.workbook, sheet=sheet).order_by(imported_row.c.year)
        for found in self.session.execute(query.where(imported_row.c.year != self.year)):
            if found.year < self.year:
                earlier[found.key] = found
            else:
                later.add(found.key)
        return earlier, later

    def note(self, sheet: str, key: str, record_id: str, row: Mapping[str, str], record: Mapping[str, str]) -> None:
        """Note what a row says and what its record then had."""
        known = self.known[sheet].get(key)
        files = sorted({*(known.files if known is not None else ()), self.file})
        self._put(sheet, key, dict(zip(_STATE, (record_id, dict(row), dict(record), files, False), strict=True)))

    def keep(self, sheet: str, key: str) -> None:
        """Note that the file at hand has a row as it was."""
        known = self.known[sheet][key]
        if known.gone or self.file not in known.files:
            self.note(sheet, key, known.record_id, known.row, known.record)

    def missing(self, sheet: str) -> list[Any]:
        """Return the rows that the file at hand had and that neither it nor another file has now."""
        found = []
        for key, row in self.known[sheet].items():
            if key in self.here[sheet] or self.file not in row.files:
                continue
            others = [file for file in row.files if file != self.file]
            state = {name: getattr(row, name) for name in _STATE}
            if others:
                self._put(sheet, key, {**state, "files": others})
            else:
                found.append(row)
                self._put(sheet, key, {**state, "gone": True})
        return found

    def _put(self, sheet: str, key: str, state: dict[str, Any]) -> None:
        known = self.known[sheet].get(key)
        if known is None or any(getattr(known, name) != state[name] for name in _STATE):
            self._noted.setdefault(sheet, {})[key] = state

    def write(self) -> None:
        """Write what was noted."""
        for sheet, noted in self._noted.items():
            which = {"workbook": self.workbook, "year": self.year, "sheet": sheet}
            for part in in_parts(sorted(noted.keys() & self.known[sheet].keys())):
                self.session.execute(delete(imported_row).filter_by(**which).where(imported_row.c.key.in_(part)))
            self.session.execute(insert(imported_row), [{**which, "key": key, **state} for key, state in noted.items()])
        self._noted.clear()


def _files_of(rows: Iterable[Any]) -> Iterator[str]:
    for row in rows:
        yield from row.files
