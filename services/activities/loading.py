"""The workbook 活动学习 into activities' records: by the rules of the API, sheet by sheet, in the order of rows.

A row that names a cadre by a number that was merged into another's is the other's: the file says what was known when
it was filled in. What the rows may meet (cadres, records kept before) is read first, a few hundred at a time, so that
thousands of rows take no query each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.definition import Loaded, NotLoadable, Rows
from hongxia.http.problems import Problem
from hongxia.workbook.declare import Finding, Row
from services.activities import health_checks, presence, records, sessions, vaccination, works
from services.activities.attendance import ATTENDANCE
from services.activities.cadres import People
from services.activities.health_checks import CHECK
from services.activities.models import Drive, HealthCheck, Meeting, Record, Roster, Work
from services.activities.workbook import ACTIVITIES

CHANGED = "编号已存在且内容不同，请在系统中修改"

FIELDS = {"cadre_id": "cadre_no", "collected_on": "received_on", "on": "held_on"}
"""Fields of the API that have another name in the workbook."""

R = TypeVar("R", bound=Record)
M = TypeVar("M", Meeting, HealthCheck, Drive)


@dataclass(slots=True)
class _Sheet:
    """One sheet being loaded: what was done, and what can't be."""

    name: str
    created: int = 0
    unchanged: int = 0
    findings: list[Finding] = field(default_factory=list)

    def take(self, row: Row, kept: R | None, wanted: Mapping[str, Any], create: Callable[[], R]) -> R | None:
        """The record of a row: there already, or new; None, with a finding, if it is another or the rules forbid it."""
        if kept is not None:
            if any(getattr(kept, name) != value for name, value in wanted.items()):
                self.findings.append(Finding(self.name, row.number, "", CHANGED))
                return None
            self.unchanged += 1
            return kept
        try:
            record = create()
        except Problem as problem:
            self.findings.append(Finding(self.name, row.number, self._field(problem), problem.detail))
            return None
        self.created += 1
        return record

    def _field(self, problem: Problem) -> str:
        pointer = problem.errors[0].pointer if problem.errors else None
        name = (pointer or "").rpartition("/")[2]
        name = FIELDS.get(name, name)
        return name if any(column.field == name for column in ACTIVITIES.sheet(self.name).columns) else ""


@dataclass(frozen=True, slots=True)
class _Loading:
    session: Session
    year: int
    rows: Rows
    today: date
    sheets: dict[str, _Sheet] = field(default_factory=dict)

    def sheet(self, name: str) -> _Sheet:
        return self.sheets.setdefault(name, _Sheet(name))

    def numbered(self, model: type[R], kind: str, name: str, number: str) -> dict[str, tuple[str, R | None]]:
        """The ids that a sheet's rows have, and what is kept under them; by their number."""
        numbers = [str(row.values[number]) for row in self.rows[name]]
        id_of = {value: ids.entity_id(kind, self.year, value) for value in numbers}
        kept = records.by_id(self.session, model, id_of.values())
        return {value: (record_id, kept.get(record_id)) for value, record_id in id_of.items()}


def load(session: Session, year: int, rows: Rows, today: date) -> Mapping[str, Loaded]:
    """Load all sheets. Raises NotLoadable with every row that can't be."""
    loading = _Loading(session, year, rows, today)
    _presences(loading, "attendances", ATTENDANCE, "session_no", _sessions(loading))
    _works(loading)
    _presences(loading, "health_check_persons", CHECK, "batch_no", _health_checks(loading))
    _rosters(loading, _drives(loading))
    findings = [finding for name in rows for finding in loading.sheet(name).findings]
    if findings:
        raise NotLoadable(findings)
    return {name: Loaded(loading.sheet(name).created, loading.sheet(name).unchanged) for name in rows}


def cadre_id_of(cadre_no: object) -> str:
    """The id that the registry gives the cadre with this number."""
    return ids.entity_id("cadre", str(cadre_no))


def _sessions(loading: _Loading) -> dict[str, Meeting]:
    sheet, found = loading.sheet("sessions"), loading.numbered(Meeting, "session", "sessions", "session_no")
    meetings = {}
    for row in loading.rows["sessions"]:
        values: Any = dict(row.values)
        state = values.pop("state")
        new = sessions.NewSession(**values)
        meeting_id, kept = found[new.session_no or ""]
        meeting = sheet.take(
            row, kept, row.values, partial(sessions.enter, loading.session, meeting_id, new, state, loading.today)
        )
        if meeting is not None:
            meetings[new.session_no or ""] = meeting
    return meetings


def _presences(
    loading: _Loading, name: str, kind: presence.Kind, number: str, owners: Mapping[str, presence.Owner]
) -> None:
    """Attendance or checks. A row whose owner could not be loaded is left out: its owner has the finding."""
    sheet = loading.sheet(name)
    found = [
        (row, owners[owner_no], cadre_id_of(row.values["cadre_no"]))
        for row in loading.rows[name]
        if (owner_no := str(row.values[number])) in owners
    ]
    known = presence.known(loading.session, kind, ((owner.id, cadre_id) for _, owner, cadre_id in found))
    for row, owner, named in found:
        cadre_id = known.people.surviving(named)
        kept = known.kept.get((owner.id, cadre_id))
        sheet.take(
            row,
            kept,
            {"state": "recorded"},
            partial(presence.record, loading.session, kind, owner, cadre_id, None, known, loading.today),
        )


def _works(loading: _Loading) -> None:
    sheet, found = loading.sheet("works"), loading.numbered(Work, "work", "works", "work_no")
    cadre_nos = (row.values["cadre_no"] for row in loading.rows["works"])
    people = People(loading.session, (cadre_id_of(cadre_no) for cadre_no in cadre_nos if cadre_no))
    for row in loading.rows["works"]:
        values: Any = dict(row.values)
        cadre_no = values.pop("cadre_no")
        author = people.surviving(cadre_id_of(cadre_no)) if cadre_no else None
        new = works.NewWork(cadre_id=author, collected_on=values.pop("received_on"), **values)
        work_id, kept = found[new.work_no or ""]
        wanted = {**values, "cadre_id": new.cadre_id, "collected_on": new.collected_on, "state": "collected"}
        sheet.take(row, kept, wanted, partial(works.collect, loading.session, work_id, new, people, loading.today))


def _health_checks(loading: _Loading) -> dict[str, HealthCheck]:
    sheet, name = loading.sheet("health_checks"), "health_checks"
    found = loading.numbered(HealthCheck, "health-check", name, "batch_no")
    batches = {}
    for row in loading.rows[name]:
        values: Any = row.values
        new = health_checks.NewBatch(**values)
        batch_id, kept = found[new.batch_no or ""]
        batch = sheet.take(
            row,
            kept,
            {**values, "state": "held"},
            partial(health_checks.enter, loading.session, batch_id, new, loading.today),
        )
        if batch is not None:
            batches[new.batch_no or ""] = batch
    return batches


def _drives(loading: _Loading) -> dict[str, Drive]:
    """A drive begins on the first day of its rosters: a file that has an earlier one than was known moves it there.

    One without rosters is only known to be of the year.
    """
    sheet, name = loading.sheet("vaccination_drives"), "vaccination_drives"
    found = loading.numbered(Drive, "drive", name, "drive_no")
    first_days = _first_days(loading)
    drives = {}
    for row in loading.rows[name]:
        values: Any = row.values
        first = first_days.get(values["drive_no"])
        new = vaccination.NewDrive(starts_on=first or date(loading.year, 1, 1), **values)
        drive_id, kept = found[values["drive_no"]]
        drive = sheet.take(
            row,
            kept,
            {**values, "state": "held"},
            partial(vaccination.enter, loading.session, drive_id, new, loading.today),
        )
        if drive is None:
            continue
        if first is not None and first < drive.starts_on:
            vaccination.amend(loading.session, drive, {"starts_on": first}, loading.today)
        drives[values["drive_no"]] = drive
    return drives


def _first_days(loading: _Loading) -> dict[str, date]:
    first: dict[str, date] = {}
    for row in loading.rows["vaccination_rosters"]:
        values: Any = row.values
        first[values["drive_no"]] = min(first.get(values["drive_no"], date.max), values["held_on"])
    return first


def _rosters(loading: _Loading, drives: Mapping[str, Drive]) -> None:
    sheet = loading.sheet("vaccination_rosters")
    found = [
        (row, drives[drive_no], _new_roster(row))
        for row in loading.rows["vaccination_rosters"]
        if (drive_no := str(row.values["drive_no"])) in drives
    ]
    kept = _kept_rosters(loading.session, ((drive, new) for _, drive, new in found))
    for row, drive, new in found:
        there = kept.get(vaccination.roster_id(drive.id, new.on, new.unit_name))
        sheet.take(
            row,
            there,
            {"attended": new.attended, "vaccinated": new.vaccinated, "state": "recorded"},
            partial(vaccination.record_roster, loading.session, drive, new, loading.today),
        )


def _new_roster(row: Row) -> vaccination.NewRoster:
    values: Any = dict(row.values)
    del values["drive_no"]
    return vaccination.NewRoster(on=values.pop("held_on"), **values)


def _kept_rosters(session: Session, wanted: Iterable[tuple[Drive, vaccination.NewRoster]]) -> dict[str, Roster]:
    wanted_ids = (vaccination.roster_id(drive.id, new.on, new.unit_name) for drive, new in wanted)
    return records.by_id(session, Roster, wanted_ids)
