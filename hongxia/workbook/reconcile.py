"""Import as reconciliation: a row is compared with the same row as it was last imported, and with the record as it is.

An unchanged row changes nothing, whatever has happened in the system since. A new row makes a record. A row that
changed while the record did not is an amendment, which somebody confirms; where both changed, the row is refused with
both values. Rows that are gone from the file are listed. A row that only continues its record (the date on which
something ended is filled in) needs no confirmation.

A service says in a `SheetRows` what its rows make; the order of work, the comparison, and the messages are here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from hongxia import ids, records, sealed
from hongxia.datakeys import KeyRing
from hongxia.rules import Question, Refusal
from hongxia.workbook.declare import Finding, Row, Sheet, Workbook
from hongxia.workbook.history import History, key_of, key_text
from hongxia.workbook.plan import HIDDEN, Asked, Changed, Counts, Plan, digest_of, rows_as_text, text_of

CONFIRM_CHANGES = (
    "先用 --dry-run 核对，无误后加 --apply-changes 重新导入（接口：参数 apply_changes 填写核对结果的 digest）"
)


class SheetRows:
    """What the rows of one sheet make. A subclass names the sheet and the model, and says how a record is made of a
    row's values, amended, and read back as a row.
    """

    sheet: ClassVar[Sheet]
    model: ClassVar[type[Any]]
    continues: ClassVar[frozenset[str]] = frozenset()
    """Columns whose empty cell may be filled in later: that continues the record and changes nothing that was said."""
    lasting: ClassVar[bool] = False
    """Whether the rows of every year are about the same records, as in a register. A row that is new in its year is
    then compared with the same row of the latest year before; a file of an earlier year than the last changes nothing.
    """

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Read, and lock, what all rows need, in few queries; by default nothing."""

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

    def lock(self, loading: Loading, record: Any) -> None:
        """Lock a record that the row is about to change, and read it again as it is now."""
        loading.session.refresh(record, with_for_update=True)

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Any:
        """Make the record, or return None to leave the row out, because another finding explains it. Raises Refusal.

        It raises a Question before it changes anything, because it is called again once the question is in the plan.
        """
        raise NotImplementedError

    def amend(self, loading: Loading, record: Any, changes: dict[str, Any], row: Row) -> None:
        """Change the record. Raises Refusal, or Question as `create` does."""
        raise NotImplementedError


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
    """One import in progress: what it needs, what it has done, and what it has found wrong.

    `rows` are those of all sheets, `history` is what they said when they were last imported, `shared` is for what the
    sheets of a service hand to one another, and `confirmed` holds the questions that the present step may take as
    confirmed.
    """

    session: Session
    workbook: Workbook
    year: int
    today: date
    history: History
    plan: Plan = field(default_factory=Plan)
    findings: list[Finding] = field(default_factory=list)
    shared: dict[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    confirmed: tuple[str, ...] = ()
    keys: KeyRing = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.keys = sealed.keys(self.session)

    def refused(self, sheet: str, row: Row, refusal: Refusal) -> None:
        """Note why a row can't be imported, at the columns that the violations name."""
        for violation in refusal.violations:
            name = violation.field.partition("/")[0]
            self.findings.append(Finding(sheet, row.number, name if name in row.values else "", violation.message))

    def reconcile(self, rows_of: SheetRows, rows: Sequence[Row]) -> None:
        """Take the rows of one sheet in their order."""
        _Sheet(self, rows_of).take(rows)


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
    """Import the rows of a workbook, sheet by sheet. `finish` checks what can only be judged at the end.

    Raises NotLoadable with a finding for every row that can't be imported.
    """
    history = History.read(session, workbook, year, rows)
    loading = Loading(session, workbook, year, today, history, rows=rows)
    for rows_of in sheets:
        loading.reconcile(rows_of, rows[rows_of.sheet.name])
    if finish is not None and not loading.findings:
        finish(loading)
    if loading.findings:
        raise NotLoadable(loading.findings)
    history.write()
    loading.plan.labels[:] = dict.fromkeys(loading.plan.labels)
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
    counts: Counts = field(default_factory=Counts)

    @property
    def sheet(self) -> Sheet:
        return self.rows_of.sheet

    def take(self, rows: Sequence[Row]) -> None:
        loading = self.loading
        loading.plan.sheets[self.sheet.name] = self.counts
        self.known = loading.history.known[self.sheet.name]
        if self.rows_of.lasting:
            self.earlier, self.later = loading.history.other_years(self.sheet.name)
        self.rows_of.prepare(loading, rows)
        id_of = {row.number: self._record_id(row) for row in rows}
        self.kept = self.rows_of.kept(loading, id_of.values())
        for row in self.rows_of.arranged(rows):
            self._take(row, id_of[row.number])
        self._list_missing()

    def _record_id(self, row: Row) -> str:
        """Return the id of the row's record. A row that was imported before stays with the record that it made,
        whatever its id would be today: the cadre may have been merged into another one since.
        """
        before = self.known.get(key_of(self.sheet, row))
        return str(before.record_id) if before is not None else self.rows_of.record_id(self.loading, row)

    def _take(self, row: Row, record_id: str) -> None:
        values, key = self.rows_of.values(self.loading, row), key_of(self.sheet, row)
        record, before = self.kept.get(record_id), self.known.get(key)
        if before is None and key not in self.later:
            before = self.earlier.get(key)
        if record is None:
            record = self._create(row, record_id, values)
        elif before is not None:
            self._compare(row, record, values, before)
        elif key in self.later:
            self.counts.unchanged += 1
        else:
            self._adopt(row, record, values)
        if record is not None:
            self._remember(row, record, values, before)

    def _create(self, row: Row, record_id: str, values: dict[str, Any]) -> Any:
        record = self._try(row, lambda: self.rows_of.create(self.loading, record_id, dict(values), row))
        if record is not None:
            self.kept[record_id] = record
            self.counts.created += 1
        return record

    def _adopt(self, row: Row, record: Any, values: Mapping[str, Any]) -> None:
        """Take over a record that the API made, or another year's workbook: the row has to say the same, or to continue
        the record.
        """
        now = self.rows_of.shown(record, values)
        differing = {name: value for name, value in values.items() if value != now[name]}
        if not differing:
            self.counts.unchanged += 1
            return
        if self.rows_of.goes_on(record, differing, now):
            self._amend(row, record, differing)
            self.counts.continued += 1
            return
        for name in self._in_order(differing):
            self._conflict(row, record, name, now[name], "登记")

    def _compare(self, row: Row, record: Any, values: Mapping[str, Any], before: Any) -> None:
        """Compare the row with itself as it was imported, and with the record."""
        now = self.rows_of.shown(record, values)
        if self._changes(row, values, now, before):
            self.rows_of.lock(self.loading, record)
            now = self.rows_of.shown(record, values)
        changes = self._changes(row, values, now, before)
        taken = [name for name in changes if self._record_before(before, name) != self._digest(name, now[name])]
        for name in self._in_order(taken):
            self._conflict(row, record, name, now[name], "改")
        if taken:
            return
        if not changes:
            self.counts.unchanged += 1
            return
        goes_on = self.rows_of.goes_on(record, changes, now)
        self._amend(row, record, changes)
        if goes_on:
            self.counts.continued += 1
            return
        self.counts.changed += 1
        for name in self._in_order(changes):
            self._list_change(row, name, now[name], changes[name])

    def _changes(self, row: Row, values: Mapping[str, Any], now: Mapping[str, Any], before: Any) -> dict[str, Any]:
        """Return the values of those cells that differ from what they were and from what the record has."""
        return {
            name: value
            for name, value in values.items()
            if value != now[name] and self._row_before(before, name) != self._digest(name, row.values.get(name))
        }

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """Return names in the order of the sheet's columns."""
        wanted = set(names)
        return [column.field for column in self.sheet.columns if column.field in wanted]

    def _row_before(self, before: Any, name: str) -> str:
        """Return the digest of a cell as it was imported; a column that the sheet did not have then was empty."""
        return str(before.row.get(name, self._blank(name)))

    def _record_before(self, before: Any, name: str) -> str:
        return str(before.record.get(name, self._blank(name)))

    def _digest(self, name: str, value: Any) -> str:
        return digest_of(self.loading.keys, f"{self.sheet.name}.{name}", value)

    def _blank(self, name: str) -> str:
        return self._digest(name, self.sheet.column(name).default)

    def _amend(self, row: Row, record: Any, changes: Mapping[str, Any]) -> None:
        self._try(row, lambda: self.rows_of.amend(self.loading, record, dict(changes), row))

    def _try(self, row: Row, step: Callable[[], Any]) -> Any:
        """Run a step. A question that it raises is noted in the plan, which has to be confirmed; then it runs again."""
        loading = self.loading
        try:
            while True:
                try:
                    return step()
                except Question as question:
                    if question.code in loading.confirmed:
                        raise
                    self._list_question(row, question)
                    loading.confirmed = (*loading.confirmed, question.code)
        except Refusal as refusal:
            loading.refused(self.sheet.name, row, refusal)
            return None
        finally:
            loading.confirmed = ()

    def _list_question(self, row: Row, question: Question) -> None:
        exact = self._digest("", sorted((name, str(value)) for name, value in self._said(row).items()))
        asked = Asked(self.sheet.title_zh, row.number, question.code, question.message, self._key(row), exact)
        self.loading.plan.questions.append(asked)

    def _list_change(self, row: Row, name: str, now: Any, value: Any) -> None:
        column = self.sheet.column(name)
        before, after = self._text(name, now), text_of(column, row.values.get(name))
        exact = "".join(self._digest(name, part) for part in (key_of(self.sheet, row), now, value))
        changed = Changed(self.sheet.title_zh, row.number, self._key(row), column.title_zh, before, after, exact)
        self.loading.plan.changes.append(changed)

    def _conflict(self, row: Row, record: Any, name: str, now: Any, verb: str) -> None:
        column = self.sheet.column(name)
        who = getattr(record, "changed_by", "") or "系统"
        message = (
            f"表中为“{text_of(column, row.values.get(name))}”，系统中已由 {who} {verb}为“{self._text(name, now)}”；"
            "请与系统中的记录核对，改表或在系统中修改该记录"
        )
        self.loading.findings.append(Finding(self.sheet.name, row.number, name, message))

    def _text(self, name: str, value: Any) -> str:
        return text_of(self.sheet.column(name), self.rows_of.text(self.loading, name, value))

    def _key(self, row: Row) -> str:
        return self._key_text(key_of(self.sheet, row))

    def _key_text(self, key: str) -> str:
        return HIDDEN if any(self.sheet.column(name).private for name in self.sheet.key) else key_text(key)

    def _list_missing(self) -> None:
        """List the rows that are gone, unless somebody has voided what they made."""
        gone = self.loading.history.missing(self.sheet.name)
        found = records.by_ids(self.loading.session, self.rows_of.model, [row.record_id for row in gone])
        for row in gone:
            if getattr(found.get(row.record_id), "void_reason", None) is None:
                self.loading.plan.missing.append((self.sheet.title_zh, self._key_text(row.key)))

    def _said(self, row: Row) -> dict[str, str]:
        names = [column.field for column in self.sheet.columns if column.kept]
        return {name: self._digest(name, row.values.get(name)) for name in names}

    def _remember(self, row: Row, record: Any, values: Mapping[str, Any], before: Any) -> None:
        """Note what the row and the record say. Where a cell is unchanged, this import left the record alone; the value
        that the record had then stays noted, and a later change of the cell is compared with it.
        """
        said, key = self._said(row), key_of(self.sheet, row)
        if key in self.known and before.row == said:
            self.loading.history.keep(self.sheet.name, key)
            return
        now = self.rows_of.shown(record, values)
        noted = {name: self._digest(name, value) for name, value in now.items()}
        if before is not None:
            same = [name for name in noted if self._row_before(before, name) == said.get(name)]
            noted |= {name: self._record_before(before, name) for name in same}
        self.loading.history.note(self.sheet.name, key, record.id, said, noted)


__all__ = [
    "CONFIRM_CHANGES",
    "Counts",
    "Finish",
    "Loading",
    "NotLoadable",
    "Plan",
    "SheetRows",
    "Unconfirmed",
    "load",
    "rows_as_text",
]
