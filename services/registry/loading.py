"""The workbook 干部名册 into the registry: by the same rules as the API, all rows or none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hongxia.definition import Loaded, NotLoadable, Rows
from hongxia.http.problems import Rule
from hongxia.workbook.declare import Finding, Row
from services.registry import cadres, deaths, history, numbers, registration
from services.registry.models import Cadre, Entry
from services.registry.particulars import compact, faults

SHEET = "cadres"
CHANGED = "编号已存在且内容不同，请在系统中修改"
TAKEN = "此身份证号已登记在另一名干部名下"
DOUBLE = "与第{}行重复（身份证号）"
CHUNK = 500

RENAMED = {"special_hardship": "hardship"}
"""Columns whose field has another name than the record's."""


def load(session: Session, _year: int, rows: Rows, today: date) -> Mapping[str, Loaded]:
    """Register the cadres of the rows that are new, and record the deaths, those of cadres registered before too.

    A death that is news counts as created. Raises NotLoadable.
    """
    loading = _Loading(session, today, numbers.lock(session))
    loading.look_up(rows[SHEET])
    for row in rows[SHEET]:
        loading.take(row)
    if loading.findings:
        raise NotLoadable(loading.findings)
    session.flush()
    if loading.entries:
        session.execute(insert(Entry), loading.entries)
    return {SHEET: Loaded(loading.created, loading.unchanged)}


@dataclass(slots=True)
class _Loading:
    session: Session
    today: date
    register: Any
    kept: dict[str, str | None] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    rows_of: dict[str, int] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    created: int = 0
    unchanged: int = 0

    def look_up(self, rows: Iterable[Row]) -> None:
        """The digests of the records that the rows name, and who has which resident number."""
        ids = [registration.cadre_id(str(row.values["cadre_no"])) for row in rows]
        for chunk in (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)):
            query = select(Cadre.id, Cadre.row_digest).where(Cadre.id.in_(chunk))
            self.kept.update(self.session.execute(query).tuples().all())
        numbers_taken = select(Cadre.resident_number, Cadre.id).where(Cadre.merged_into.is_(None))
        self.owners.update(self.session.execute(numbers_taken).tuples().all())

    def take(self, row: Row) -> None:
        """One row: there already, there with another content, at fault, or new."""
        cadre_no, particulars = _particulars(row)
        cadre_id = registration.cadre_id(cadre_no)
        if cadre_id in self.kept:
            self._compare(row, cadre_id, particulars)
            return
        found = list(self._faults(row, particulars))
        for column, message in found:
            self._find(row, column, message)
        self.rows_of.setdefault(particulars["resident_number"], row.number)
        if not found:
            self._register(cadre_no, particulars)

    def _faults(self, row: Row, particulars: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for fault in faults(particulars, self.today):
            yield fault.field, fault.message_zh
        number = particulars["resident_number"]
        if number in self.rows_of:
            yield "resident_number", DOUBLE.format(self.rows_of[number])
        elif number in self.owners:
            yield "resident_number", TAKEN

    def _register(self, cadre_no: str, particulars: dict[str, Any]) -> None:
        mark, deceased_on = digest(particulars), particulars.pop("deceased_on")
        numbers.note(self.register, cadre_no)
        cadre = registration.enrol(self.session, cadre_no, {**particulars, "row_digest": mark})
        self.entries += history.first_entries(cadre, {})
        if deceased_on:
            deaths.record(self.session, cadre, deceased_on, self.today)
        self.created += 1

    def _compare(self, row: Row, cadre_id: str, particulars: Mapping[str, Any]) -> None:
        """A row of a record that is there: as before, as before but for a death, or with other content."""
        if self._known(cadre_id, particulars):
            self.unchanged += 1
        elif particulars["deceased_on"] and self._known(cadre_id, {**particulars, "deceased_on": None}):
            self._follow_death(row, cadre_id, particulars)
        else:
            self._find(row, "", CHANGED)

    def _follow_death(self, row: Row, cadre_id: str, particulars: Mapping[str, Any]) -> None:
        cadre = cadres.locked(self.session, cadre_id)
        if cadre.deceased_on == particulars["deceased_on"]:
            self.unchanged += 1
            return
        try:
            deaths.record(self.session, cadre, particulars["deceased_on"], self.today)
        except Rule as refused:
            self._find(row, "deceased_on", refused.detail)
        else:
            # The record keeps the mark of its first row, so that the workbook that brought it still changes nothing.
            self.created += 1

    def _known(self, cadre_id: str, particulars: Mapping[str, Any]) -> bool:
        """Whether that was imported before, or is what the record says by now."""
        return self.kept[cadre_id] == digest(particulars) or self._same(cadre_id, particulars)

    def _same(self, cadre_id: str, particulars: Mapping[str, Any]) -> bool:
        cadre = self.session.get_one(Cadre, cadre_id)
        return all(getattr(cadre, name) == value for name, value in particulars.items())

    def _find(self, row: Row, column: str, message: str) -> None:
        self.findings.append(Finding(SHEET, row.number, column, message))


def _particulars(row: Row) -> tuple[str, dict[str, Any]]:
    """Cadre number and particulars of a row, by the record's names."""
    values: dict[str, Any] = {RENAMED.get(name, name): value for name, value in row.values.items()}
    values["resident_number"] = compact(values["resident_number"])
    return values.pop("cadre_no"), values


def digest(particulars: Mapping[str, Any]) -> str:
    """A mark of a row's content."""
    return sha256(json.dumps(particulars, sort_keys=True, default=date.isoformat).encode()).hexdigest()
