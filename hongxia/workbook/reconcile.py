"""Import as reconciliation: a row is compared with the same row as it was last imported, and with the record as it is.

A row that is as before changes nothing, whatever happened in the system since. A new row makes a record. A row that
changed while the record did not is an amendment, which somebody confirms; where both changed, the row is refused with
both values. Rows that are gone from the file are listed. A row that goes on (an empty cell of a date that ends
something is filled in) needs no confirmation.

A service says in a `SheetRows` what its rows make; the order of work, the comparison, and the words are here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, ClassVar, Protocol

from sqlalchemy import JSON, Column, Index, Integer, String, Table, delete, insert, select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.events.tables import platform_metadata
from hongxia.lifecycle import Lifecycle
from hongxia.rules import Question, Refusal
from hongxia.schema.fields import yuan
from hongxia.workbook.declare import Column as SheetColumn
from hongxia.workbook.declare import Finding, Kind, Row, Sheet, Workbook

CONFIRM_CHANGES = (
    "先用 --dry-run 核对，无误后加 --apply-changes 重新导入（接口：参数 apply_changes 填写核对结果的 digest）"
)

imported_row = Table(
    "imported_row",
    platform_metadata,
    Column("workbook", String(30), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("sheet", String(40), primary_key=True),
    Column("key", String(200), primary_key=True, comment="the row's natural key"),
    Column("record_id", String(36), nullable=False),
    Column("row", JSON, nullable=False, comment="a digest of each column as imported"),
    Column("record", JSON, nullable=False, comment="a digest of each column as the record had it then"),
    Column("batch", String(36), nullable=False, comment="the file that the row first came with"),
)
Index("ix_imported_row_record_id", imported_row.c.record_id)


class Recorded(Protocol):
    """What rows make: a record with an id, that knows who changed it last."""

    lifecycle: ClassVar[Lifecycle]
    id: Any
    changed_by: Any


class SheetRows:
    """What the rows of one sheet make. A subclass names the sheet and the model, and says how a record is made of a
    row's values, amended, and read back as a row.
    """

    sheet: ClassVar[Sheet]
    model: ClassVar[type[Any]]
    continues: ClassVar[frozenset[str]] = frozenset()
    """Columns whose empty cell may be filled in later: the record goes on, nothing that was said is taken back."""
    lasting: ClassVar[bool] = False
    """Whether the rows of every year are about the same records, as in a register. A row that is new in its year is
    then compared with the same row of the latest year before; where a later year's file had it, it changes nothing.
    """

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Read at once what the rows may meet; by default nothing."""

    def arranged(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows in the order in which they are taken; by default as they stand."""
        return rows

    def record_id(self, loading: Loading, row: Row) -> str:
        """Return the id of the record that the row makes: the same row always makes the same one."""
        number = str(row.values[self.sheet.key[0]])
        return ids.entity_id(self.model.lifecycle.thing, loading.year, number)

    def kept(self, loading: Loading, wanted: Iterable[str]) -> dict[str, Any]:
        """Return the records that exist, by id."""
        return records.by_ids(loading.session, self.model, wanted)

    def values(self, loading: Loading, row: Row) -> dict[str, Any]:
        """Return the row's values by the names of the record's attributes; by default all but the key's number."""
        return {name: value for name, value in row.values.items() if name not in self.sheet.key}

    def shown(self, record: Any, names: Iterable[str]) -> dict[str, Any]:
        """Return what a row of the record would say now, by the same names."""
        return {name: getattr(record, name) for name in names}

    def text(self, loading: Loading, name: str, value: Any) -> Any:
        """Return what a person reads of a value of `shown` (the label of a code from a list); by default the value."""
        return value

    def goes_on(self, record: Any, changes: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
        """Return whether changes only continue a record as it is `now`, and so need no confirmation."""
        return all(name in self.continues and now[name] is None for name in changes)

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Any:
        """Make the record; None if the row it depends on has a finding already. Raises Refusal."""
        raise NotImplementedError

    def amend(self, loading: Loading, record: Any, changes: dict[str, Any], row: Row) -> None:
        """Change the record. Raises Refusal."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Changed:
    """A cell that says something else than when it was imported; both values as a person reads them."""

    sheet: str
    row: int
    key: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A row that may be a mistake; `message` says why."""

    sheet: str
    row: int
    code: str
    message: str


@dataclass(slots=True)
class Counts:
    """What was done with the rows of a sheet."""

    created: int = 0
    unchanged: int = 0
    continued: int = 0
    changed: int = 0


@dataclass(slots=True)
class Plan:
    """What an import does, or would do. `digest` names exactly these changes and questions."""

    sheets: dict[str, Counts] = field(default_factory=dict)
    changes: list[Changed] = field(default_factory=list)
    questions: list[Asked] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """A digest of what has to be confirmed; empty if nothing has."""
        if not (self.changes or self.questions or self.labels):
            return ""
        what = [
            sorted((c.sheet, c.key, c.column, c.before, c.after) for c in self.changes),
            sorted((q.sheet, q.row, q.code) for q in self.questions),
            sorted(self.labels),
        ]
        return sha256(json.dumps(what, ensure_ascii=False).encode()).hexdigest()


class NotLoadable(Exception):
    """Rows that the records do not allow: a finding each."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


class Unconfirmed(Exception):
    """The import would change records, or asks a question, and nobody has confirmed exactly that."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("not confirmed")
        self.plan = plan


Finish = Callable[["Loading"], None]


@dataclass(slots=True)
class Loading:
    """One import as it goes: what is needed for it, what it did, and what it found wrong.

    `rows` are those of all sheets, and `shared` is for what a service's sheets hand to one another.
    """

    session: Session
    workbook: Workbook
    year: int
    today: date
    plan: Plan = field(default_factory=Plan)
    findings: list[Finding] = field(default_factory=list)
    shared: dict[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()

    def refused(self, sheet: str, row: Row, refusal: Refusal) -> None:
        """Note why a row can't be, at the columns that the violations name."""
        for violation in refusal.violations:
            name = violation.field.partition("/")[0]
            self.findings.append(Finding(sheet, row.number, name if name in row.values else "", violation.message))

    def reconcile(self, rows_of: SheetRows, rows: Sequence[Row]) -> dict[str, Any]:
        """Take the rows of one sheet in their order; return the records by row number."""
        return _Sheet(self, rows_of).take(rows)


def load(
    session: Session,
    workbook: Workbook,
    sheets: Sequence[SheetRows],
    year: int,
    rows: Mapping[str, Sequence[Row]],
    today: date,
    *,
    finish: Finish | None = None,
) -> Plan:
    """Put the rows of a workbook into the records, sheet by sheet. `finish` checks what can only be judged at the end.

    Raises NotLoadable with every row that can't be.
    """
    loading = Loading(session, workbook, year, today, rows=rows)
    for rows_of in sheets:
        loading.reconcile(rows_of, rows[rows_of.sheet.name])
    if finish is not None and not loading.findings:
        finish(loading)
    if loading.findings:
        raise NotLoadable(loading.findings)
    return loading.plan


@dataclass(slots=True)
class _Sheet:
    """One sheet being reconciled."""

    loading: Loading
    rows_of: SheetRows
    known: dict[str, Any] = field(default_factory=dict)
    earlier: dict[str, Any] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    kept: dict[str, Any] = field(default_factory=dict)
    noted: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: set[str] = field(default_factory=set)
    counts: Counts = field(default_factory=Counts)

    @property
    def sheet(self) -> Sheet:
        return self.rows_of.sheet

    def take(self, rows: Sequence[Row]) -> dict[str, Any]:
        loading = self.loading
        loading.plan.sheets[self.sheet.name] = self.counts
        self._read_imported_before()
        self.rows_of.prepare(loading, rows)
        id_of = {row.number: self._record_id(row) for row in rows}
        self.kept = self.rows_of.kept(loading, id_of.values())
        done: dict[str, Any] = {}
        for row in self.rows_of.arranged(rows):
            record = self._take(row, id_of[row.number])
            if record is not None:
                done[str(row.number)] = record
        self._list_missing(rows)
        self._note()
        return done

    def _record_id(self, row: Row) -> str:
        """A row that was imported before stays with the record that it made, whatever its id would be today: the
        cadre may have been merged into another one since.
        """
        before = self.known.get(_key(self.sheet, row))
        return str(before.record_id) if before is not None else self.rows_of.record_id(self.loading, row)

    def _take(self, row: Row, record_id: str) -> Any:
        values = self.rows_of.values(self.loading, row)
        key = _key(self.sheet, row)
        record, before = self.kept.get(record_id), self.known.get(key)
        if before is None and key not in self.later:
            before = self.earlier.get(key)
        findings = len(self.loading.findings)
        if record is None:
            record = self._create(row, record_id, values)
        elif before is None and key in self.later:
            self.counts.unchanged += 1
        elif before is None:
            self._adopt(row, record, values)
        else:
            self._compare(row, record, values, before)
        if record is None or len(self.loading.findings) > findings:
            return None
        self._remember(row, record, before)
        return record

    def _create(self, row: Row, record_id: str, values: dict[str, Any]) -> Any:
        record = self._try(row, lambda: self.rows_of.create(self.loading, record_id, dict(values), row))
        if record is not None:
            self.kept[record_id] = record
            self.counts.created += 1
        return record

    def _adopt(self, row: Row, record: Any, values: Mapping[str, Any]) -> None:
        """A record that did not come from a workbook, or came from another one: the row has to say the same, or to go
        on with what another year's workbook began.
        """
        now = self.rows_of.shown(record, values)
        differing = {name: value for name, value in values.items() if value != now[name]}
        if differing and self.rows_of.goes_on(record, differing, now):
            self._try(row, lambda: self.rows_of.amend(self.loading, record, dict(differing), row))
            self.counts.continued += 1
            return
        for name in differing:
            self._conflict(row, record, name, now[name])
        self.counts.unchanged += not differing

    def _compare(self, row: Row, record: Any, values: Mapping[str, Any], before: Any) -> None:
        now = self.rows_of.shown(record, values)
        changes: dict[str, Any] = {}
        for name, value in values.items():
            if before.row.get(name) == _digest(row.values.get(name)) or value == now[name]:
                continue
            if name in before.record and before.record[name] != _digest(now[name]):
                self._conflict(row, record, name, now[name])
            else:
                changes[name] = value
        if not changes:
            self.counts.unchanged += 1
            return
        goes_on = self.rows_of.goes_on(record, changes, now)
        self._try(row, lambda: self.rows_of.amend(self.loading, record, dict(changes), row))
        if goes_on:
            self.counts.continued += 1
            return
        self.counts.changed += 1
        key = _key(self.sheet, row)
        for name, value in changes.items():
            column = self.sheet.column(name)
            before_text, after_text = self._text_of(column, now[name]), _text(column, value, row)
            changed = Changed(self.sheet.title_zh, row.number, key, column.title_zh, before_text, after_text)
            self.loading.plan.changes.append(changed)

    def _try(self, row: Row, step: Callable[[], Any]) -> Any:
        """Do a step. What it asks is noted in the plan, to be confirmed with it, and then it is done."""
        self.loading.confirmed = ()
        while True:
            try:
                return step()
            except Question as question:
                message = question.message
                self.loading.plan.questions.append(Asked(self.sheet.title_zh, row.number, question.code, message))
                self.loading.confirmed = (*self.loading.confirmed, question.code)
            except Refusal as refusal:
                self.loading.refused(self.sheet.name, row, refusal)
                return None

    def _conflict(self, row: Row, record: Recorded, name: str, now: Any) -> None:
        column = self.sheet.column(name)
        who = record.changed_by or "系统"
        message = (
            f"表中为“{_text(column, row.values.get(name))}”，系统中已由 {who} 改为“{self._text_of(column, now)}”；"
            "请与系统中的记录核对，改表或在系统中修改该记录"
        )
        self.loading.findings.append(Finding(self.sheet.name, row.number, name, message))

    def _text_of(self, column: SheetColumn, value: Any) -> str:
        return _text(column, self.rows_of.text(self.loading, column.field, value))

    def _read_imported_before(self) -> None:
        """Read the rows of the same year; where records last, those of the latest year before, too."""
        loading = self.loading
        query = select(imported_row).filter_by(workbook=loading.workbook.name, sheet=self.sheet.name)
        if not self.rows_of.lasting:
            query = query.filter_by(year=loading.year)
        for found in loading.session.execute(query.order_by(imported_row.c.year)):
            if found.year == loading.year:
                self.known[found.key] = found
            elif found.year < loading.year:
                self.earlier[found.key] = found
            else:
                self.later.add(found.key)

    def _list_missing(self, rows: Sequence[Row]) -> None:
        """What came with the same file before and is not in it now."""
        here = {_key(self.sheet, row) for row in rows}
        self.batches = {found.batch for key, found in self.known.items() if key in here}
        for key, found in self.known.items():
            if key not in here and found.batch in self.batches:
                self.loading.plan.missing.append((self.sheet.title_zh, key))

    def _remember(self, row: Row, record: Any, before: Any) -> None:
        """Note the row and the record. Where a cell is as it was, what became of the record since is not this import's
        doing: the record's value of then stays noted, so that a later change of the cell is held against it.
        """
        names = [column.field for column in self.sheet.columns if column.kept]
        said = {name: _digest(row.values.get(name)) for name in names}
        key = _key(self.sheet, row)
        if key in self.known and before.row == said:
            return
        now = self.rows_of.shown(record, self.rows_of.values(self.loading, row))
        noted = {name: _digest(value) for name, value in now.items()}
        if before is not None:
            noted |= {name: was for name, was in before.record.items() if before.row.get(name) == said.get(name)}
        batch = self.known[key].batch if key in self.known else ""
        self.noted[key] = {"record_id": record.id, "row": said, "record": noted, "key": key, "batch": batch}

    def _note(self) -> None:
        if not self.noted:
            return
        loading = self.loading
        which = {"workbook": loading.workbook.name, "year": loading.year, "sheet": self.sheet.name}
        batch = min(self.batches) if self.batches else ids.new_id()
        known = [key for key in self.noted if key in self.known]
        for part in records.in_parts(known):
            loading.session.execute(delete(imported_row).filter_by(**which).where(imported_row.c.key.in_(part)))
        rows = [{**which, **noted, "batch": noted["batch"] or batch} for noted in self.noted.values()]
        loading.session.execute(insert(imported_row), rows)


def _key(sheet: Sheet, row: Row) -> str:
    return " / ".join(str(part) for part in sheet.key_of(row.values))


def _digest(value: Any) -> str:
    return sha256(str(value).encode()).hexdigest()[:16]


def _text(column: SheetColumn, value: Any, row: Row | None = None) -> str:
    """A value as a person reads it; one that must not be shown is not."""
    if column.private:
        return "（不显示）"
    raw: Any = row.values.get(column.field) if row is not None else value
    if raw is None:
        return "空"
    if column.field == "cadre_id" and len(str(raw)) > column.max_length:
        return "另一位干部"  # an id: only the register knows the number
    if column.kind is Kind.CHOICE:
        return next((label for label, code in column.choices.items() if code == raw), str(raw))
    if column.kind is Kind.YES_NO:
        return "是" if raw else "否"
    if column.kind is Kind.YUAN:
        return yuan(int(raw))
    return str(raw)


def rows_as_text(plan: Plan) -> Iterator[str]:
    """Yield the plan's changes, questions, labels and missing rows as lines of Chinese text."""
    for change in plan.changes:
        yield f"“{change.sheet}”第{change.row}行“{change.column}”：由“{change.before}”改为“{change.after}”"
    for asked in plan.questions:
        yield f"“{asked.sheet}”第{asked.row}行：{asked.message}"
    for title, label in plan.labels:
        yield f"“{title}”中没有“{label}”，确认后加入"
    for sheet, key in plan.missing:
        yield f"“{sheet}”中编号为“{key}”的行已不在文件中；系统中的记录未作改动"
