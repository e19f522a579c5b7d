"""Cadres as the sheet of the workbook 干部名册."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.rules import Conflicting, Refused, Violation, refuse
from hongxia.sealed import digest
from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Figure, Row, Sheet
from hongxia.workbook.reconcile import Loading, SheetRows
from services.registry import review
from services.registry.cadres import numbers, particulars, rules
from services.registry.cadres.find import lock_all, standing
from services.registry.cadres.model import Cadre, Register, same_person
from services.registry.cadres.schema import CadreSchema
from services.registry.changes.history import begin_histories, first_changes
from services.registry.deaths import rules as deaths
from services.registry.lists.declared import LISTS

SHEET = Sheet(
    title_zh="干部",
    name="cadres",
    key=("cadre_no",),
    unique=(("resident_number",),),
    help_zh=(
        "本局服务管理的每一位离退休干部一行，包括本年去世的老同志；不重不漏。出生日期由身份证号得出。"
        "再次导入时，与上次导入相同的行不作任何改动；新填的去世日期登记为去世；其他改动列出后经确认，按更正登记；"
        "表中与系统中都改过的，须先核对。名单中没有的原单位、街道、联络员，经确认加入名单（名单尚空时直接加入）。"
    ),
    help_en=(
        "One row for every cadre whom the bureau serves, those who died in the year included. "
        "The birth date is taken from the resident number. A row that is as it was imported before changes nothing, in "
        "whichever year's file it comes; a newly filled `去世日期` is the death; any other change is listed and, once "
        "confirmed, made as a correction; what changed in the row and in the system alike is an error. Units, streets "
        "and liaisons that the bureau's lists lack are added once confirmed (without asking while a list is empty)."
    ),
    columns=(
        number(
            "干部编号",
            "cadre_no",
            "G0001",
            "本局自编，一人一号，长期不变；其他表格用它指明干部。",
            "The bureau's own number of the cadre: one a person, for ever. Other workbooks name the cadre by it.",
        ),
        *columns_of(CadreSchema, but=("cadre_no",)),
    ),
    figures=(
        Figure(
            "outreach.contact.coverage",
            "每月敬爱连线覆盖率",
            "Denominator: for each month of the year that has ended, every cadre who on its last day is registered "
            "(`登记日期` not later) and living (`去世日期` empty or later). See the sheet 每月联系 for the numerator.",
            rule_zh=(
                "分母：本年已结束的每个月，"
                "月末当天已登记（`登记日期`不晚于当天）且健在（`去世日期`为空或晚于当天）的每位干部各计一次。"
                "分子见“每月联系”表。"
            ),
        ),
    ),
)


@dataclass(slots=True)
class People:
    """Who is registered: read once for an import, and kept up to date while it adds cadres.

    `owners` and `twins` are the records by the hashes of their resident numbers, and of their names and birth dates.
    """

    session: Session
    owners: dict[str, str] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session) -> People:
        """Return everybody whose record was not merged."""
        found = cls(session)
        query = select(Cadre.id, Cadre.resident_number_hash, Cadre.same_person_hash)
        for row in session.execute(query.where(Cadre.merged_into.is_(None)).order_by(Cadre.cadre_no)):
            found.owners[row.resident_number_hash] = row.id
            found.twins.setdefault(row.same_person_hash, row.id)
        return found

    def owner_of(self, resident_number: str) -> str | None:
        """Return the id of the record that has a resident number."""
        return self.owners.get(digest(self.session, Cadre, "resident_number_hash", resident_number))

    def twin_of(self, name: str, born: date) -> str | None:
        """Return the id of a record with the same name and birth date."""
        return self.twins.get(digest(self.session, Cadre, "same_person_hash", same_person(name, born)))

    def add(self, cadre: Cadre, row: Row) -> None:
        """Note a cadre who was registered by a row."""
        self.owners[digest(self.session, Cadre, "resident_number_hash", cadre.resident_number)] = cadre.id
        self.twins.setdefault(digest(self.session, Cadre, "same_person_hash", cadre.same_person), cadre.id)
        self.rows[cadre.resident_number] = row.number


@dataclass(slots=True)
class Labels:
    """The labels of one list, read once for an import; labels that are missing are added and noted in the plan."""

    name: str
    codes: dict[str, str]
    labels: dict[str, str]
    in_use: set[str]
    began_empty: bool

    @classmethod
    def read(cls, session: Session, name: str) -> Labels:
        """Return the list that the attribute `name` of a cadre holds codes of."""
        found = session.scalars(select(LISTS[name].model)).all()
        codes = {entry.label: entry.code for entry in found}
        labels = {code: label for label, code in codes.items()}
        return cls(name, codes, labels, {entry.code for entry in found if entry.state == "listed"}, not found)

    def code(self, label: Any) -> str | None:
        """Return the code that a label has, or gets when it is added; the first label of a renamed entry still names
        that entry.
        """
        if label is None:
            return None
        code = self.codes.get(label)
        if code is None:
            code = self.codes[label] = LISTS[self.name].code_of(label)
        return code

    def need(self, loading: Loading, row: Row, code: str | None) -> None:
        """Add the entry of a row's code if the list lacks it. What is added has to be confirmed, unless the list was
        empty before. Raises Refused for an entry that was taken out of use.
        """
        if code is None or code in self.in_use:
            return
        what = LISTS[self.name].model.lifecycle.label
        label = str(row.values[self.name])
        if code in self.labels:
            message = f"{what}“{label}”已停用，请改用在用的名称，或恢复使用"
            raise Refused(Violation(self.name, f"unknown-{self.name}", message))
        LISTS[self.name].add(loading.session, label, loading.today)
        loading.session.flush()
        self.labels[code] = label
        self.in_use.add(code)
        if not self.began_empty:
            loading.plan.labels.append((what, label))


@dataclass(slots=True)
class Shared:
    """What the rows of one import share."""

    register: Register
    people: People
    labels: Mapping[str, Labels]
    changes: list[dict[str, Any]] = field(default_factory=list)


_SHARED = "registry"


class CadreRows(SheetRows):
    """Each row is a cadre, the same one in every year's file."""

    sheet = SHEET
    model = Cadre
    continues = frozenset({"deceased_on"})
    lasting = True

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Lock the register, and read who is registered and what the lists hold."""
        register = numbers.lock(loading.session)
        labels = {name: Labels.read(loading.session, name) for name in LISTS}
        loading.shared[_SHARED] = Shared(register, People.read(loading.session), labels)
        review.collect(loading.session)

    def record_id(self, loading: Loading, row: Row) -> str:
        """Return the id of the cadre with the row's number."""
        return rules.cadre_id(str(row.values["cadre_no"]))

    def kept(self, loading: Loading, wanted: Iterable[str]) -> dict[str, Any]:
        """Return the cadres that exist, by id, locked with those that they were merged into."""
        return dict(lock_all(loading.session, wanted))

    def lock(self, loading: Loading, record: Any) -> None:
        """Do nothing: `kept` has locked all cadres of the file."""

    def values(self, loading: Loading, row: Row) -> dict[str, Any]:
        """Return the row's values, with codes in the place of labels."""
        values = super().values(loading, row)
        values["resident_number"] = particulars.compact(values["resident_number"])
        for name, labels in _shared(loading).labels.items():
            values[name] = labels.code(values[name])
        return values

    def text(self, loading: Loading, name: str, value: Any) -> Any:
        """Return the label of a code."""
        labels = _shared(loading).labels.get(name)
        return labels.labels.get(value, value) if labels is not None else value

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Cadre:
        """Register the cadre, and record the death if the row has one."""
        shared = _shared(loading)
        refuse(particulars.violations(values, loading.today))
        self._check_number(shared.people, values)
        born = particulars.birth_date(values["resident_number"])
        rules.ask_about_twin(shared.people.twin_of(values["name"], born), loading.confirmed)
        self._need_labels(loading, row, values, values)
        cadre = rules.enrol(loading.session, str(row.values["cadre_no"]), values)
        numbers.note(shared.register, cadre.cadre_no)
        shared.people.add(cadre, row)
        shared.changes += first_changes(cadre, {})
        if values["deceased_on"] is not None:
            deaths.record(loading.session, cadre, values["deceased_on"], loading.today)
        return cadre

    def amend(self, loading: Loading, record: Cadre, changes: dict[str, Any], row: Row) -> None:
        """Correct the cadre; record, correct or withdraw the death. For a merged record only the date of death may
        change; it applies to the record that stands for it. Raises Refused, Conflicting.
        """
        cadre = standing(loading.session, record)
        particular = {name: value for name, value in changes.items() if name != "deceased_on"}
        if record is not cadre and particular:
            message = f"编号 {record.cadre_no} 的记录已并入编号 {cadre.cadre_no} 的记录，请修改该编号的行，此行保持原样"
            violations = [Violation(name, "cadre-merged", message) for name in particular]
            raise Conflicting(*violations, extra={"into": cadre.id})
        self._need_labels(loading, row, changes, particular)
        if particular:
            rules.amend(loading.session, cadre, particular, "workbook", loading.today)
        if "deceased_on" in changes:
            self._take_death(loading, cadre, changes["deceased_on"])

    def _take_death(self, loading: Loading, cadre: Cadre, on: date | None) -> None:
        if on is None and cadre.deceased_on is not None:
            deaths.withdraw(loading.session, cadre, "entered-in-error", loading.today)
        elif on is not None and cadre.deceased_on is None:
            deaths.record(loading.session, cadre, on, loading.today)
        elif on is not None:
            deaths.correct(loading.session, cadre, on, "workbook", loading.today)

    def _check_number(self, people: People, values: Mapping[str, Any]) -> None:
        """Raise Conflicting for a resident number that another row or another record has."""
        number = values["resident_number"]
        if number in people.rows:
            message = f"与第{people.rows[number]}行重复（身份证号）"
            raise Conflicting(Violation("resident_number", "resident-number-taken", message))
        owner = people.owner_of(number)
        if owner is not None:
            raise numbers.taken(owner)

    def _need_labels(self, loading: Loading, row: Row, values: Mapping[str, Any], names: Collection[str]) -> None:
        for name, labels in _shared(loading).labels.items():
            if name in names:
                labels.need(loading, row, values[name])


def finish(loading: Loading) -> None:
    """Begin the histories of new cadres, and review what depends on those who changed."""
    shared = _shared(loading)
    begin_histories(loading.session, shared.changes)
    review.review_collected(loading.session, loading.today)


def _shared(loading: Loading) -> Shared:
    found: Shared = loading.shared[_SHARED]
    return found
