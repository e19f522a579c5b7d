"""The workbook 走访联络 into outreach's records: row by row by the commands of the API, looked up in bulk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.definition import Loaded, NotLoadable, Rows
from hongxia.http.problems import Problem
from hongxia.workbook.declare import Finding, Row
from services.outreach import aid, cadres, contacts, obligations, suggestions, visits
from services.outreach.lookup import by_id
from services.outreach.models import AidCase, Cadre, Contact, Suggestion, Visit

CHANGED = "编号已存在且内容不同，请在系统中修改"

FIELDS = {
    "#/cadre_id": "cadre_no",
    "#/amount": "amount_fen",
    "#/approved_on": "reviewed_on",
    "#/declined_on": "reviewed_on",
    "#/pay_on": "paid_on",
}
"""Where a problem of the API stands in the workbook, if the name differs."""

Content = tuple[object, ...]


@dataclass(slots=True)
class _Loading:
    """One import as it goes: what it has looked up, what it did, and what it found wrong."""

    session: Session
    year: int
    today: date
    cadres: dict[str, Cadre]
    findings: list[Finding] = field(default_factory=list)

    def sheet(self, name: str, rows: Sequence[Row], take: Callable[[Row], bool]) -> Loaded:
        """Take the rows of a sheet in their order; `take` answers whether the row made something new."""
        created = 0
        for row in rows:
            try:
                created += take(row)
            except Problem as problem:
                self._note(name, row, problem)
        return Loaded(created, len(rows) - created)

    def _note(self, sheet: str, row: Row, problem: Problem) -> None:
        for error in problem.errors:
            pointer = error.pointer or ""
            name = FIELDS.get(pointer, pointer.removeprefix("#/"))
            self.findings.append(Finding(sheet, row.number, name if name in row.values else "", error.detail))
        if not problem.errors:
            self.findings.append(Finding(sheet, row.number, "", problem.detail))


class _Changed(Problem):
    """The number was used before for something else."""

    def __init__(self) -> None:
        super().__init__(CHANGED)


def load(session: Session, year: int, rows: Rows, today: date) -> Mapping[str, Loaded]:
    """Record what the rows tell, with the events in row order. Raises NotLoadable with a finding for each error."""
    named = {cadre_id(row) for sheet in ("visits", "contacts", "aid_cases") for row in rows[sheet]}
    loading = _Loading(session, year, today, cadres.known(session, named))
    loaded = {
        "visits": _visits(loading, rows["visits"]),
        "contacts": _contacts(loading, rows["contacts"]),
        "aid_cases": _aid_cases(loading, rows["aid_cases"]),
        "suggestions": _suggestions(loading, rows["suggestions"]),
    }
    if loading.findings:
        raise NotLoadable(loading.findings)
    if loaded["visits"].created:
        obligations.review(session, {cadre_id(row) for row in rows["visits"]}, today)
    return loaded


def cadre_id(row: Row) -> str:
    """The id of the cadre whose number a row holds."""
    return ids.entity_id("cadre", str(row.values["cadre_no"]))


def row_id(kind: str, year: int, number: object) -> str:
    """The id of what a numbered row makes: the same row always makes the same."""
    return ids.entity_id(kind, year, str(number))


def _digest(content: Content) -> str:
    return sha256(json.dumps([str(value) for value in content]).encode()).hexdigest()


def _unchanged(kept: Visit | AidCase | Suggestion, told: Content, is_now: Content) -> bool:
    """A row that is there already: as it was imported, whatever became of it since, or as it stands now.

    Raises _Changed if it is neither.
    """
    if kept.row_digest != _digest(told) and told != is_now:
        raise _Changed
    return False


def _visits(loading: _Loading, rows: Sequence[Row]) -> Loaded:
    numbered = {row.number: row_id("visit", loading.year, row.values["visit_no"]) for row in rows}
    kept = by_id(loading.session, Visit, numbered.values())

    def take(row: Row) -> bool:
        values: Any = row.values
        details = visits.Details(
            cadre_id=cadre_id(row),
            visited_on=values["visited_on"],
            form=values["form"],
            category=values["category"],
            occasion=values["occasion"],
            five_must=values["five_must"],
            people=values["people"],
        )
        visit_id, told = numbered[row.number], _told(details)
        if visit_id in kept:
            return _unchanged(kept[visit_id], told, _told(visits.details_of(kept[visit_id])))
        cadre = loading.cadres.get(details.cadre_id)
        visit = visits.record(loading.session, visit_id, details, cadre, loading.today)
        visit.row_digest = _digest(told)
        return True

    return loading.sheet("visits", rows, take)


def _told(details: visits.Details | suggestions.Details) -> Content:
    return tuple(getattr(details, name) for name in details.__slots__)


def _contacts(loading: _Loading, rows: Sequence[Row]) -> Loaded:
    """The key of a contact is all that it holds, so one that is there is the same; one that was voided stays so."""
    told = {
        row.number: contacts.Details(cadre_id(row), values["contacted_on"], values["method"])
        for row in rows
        if (values := dict[str, Any](row.values))
    }
    contact_ids = {number: details.id for number, details in told.items()}
    kept = by_id(loading.session, Contact, contact_ids.values())

    def take(row: Row) -> bool:
        if contact_ids[row.number] in kept:
            return False
        details = told[row.number]
        contacts.make(loading.session, details, loading.cadres.get(details.cadre_id), loading.today)
        return True

    return loading.sheet("contacts", rows, take)


def _aid_cases(loading: _Loading, rows: Sequence[Row]) -> Loaded:
    numbered = {row.number: row_id("aid", loading.year, row.values["aid_no"]) for row in rows}
    kept = by_id(loading.session, AidCase, numbered.values())
    aided = aid.aided_years(loading.session, {cadre_id(row) for row in rows})

    def take(row: Row) -> bool:
        told, case_id = _aid_told(row), numbered[row.number]
        if case_id in kept:
            return _unchanged(kept[case_id], told, _aid_now(kept[case_id]))
        case = _reviewed(loading, case_id, row, aided[cadre_id(row)])
        case.row_digest = _digest(told)
        if case.state == "approved":
            aided[case.cadre_id].add(case.year)
        return True

    return loading.sheet("aid_cases", rows, take)


def _reviewed(loading: _Loading, case_id: str, row: Row, aided: set[int]) -> AidCase:
    """Applied for and decided, in one go. What is declined uses up no aid, so it may be a second one."""
    values: Any = row.values
    approved = values["outcome"] == "approved"
    application = aid.Application(cadre_id(row), values["cause"], values["applied_on"])
    case = aid.apply(
        loading.session,
        case_id,
        application,
        loading.cadres.get(application.cadre_id),
        loading.today,
        aided=aided if approved else (),
        year=values["reviewed_on"].year,
    )
    if not approved:
        return aid.decline(loading.session, case, values["reviewed_on"], loading.today)
    pay_on = values["paid_on"] or values["reviewed_on"]
    approval = aid.Approval(values["amount_fen"], values["reviewed_on"], pay_on)
    return aid.approve(loading.session, case, approval, loading.today, aided=aided)


def _aid_told(row: Row) -> Content:
    values: Any = row.values
    content = (cadre_id(row), values["cause"], values["applied_on"], values["reviewed_on"], values["outcome"])
    if values["outcome"] == "declined":
        return (*content, None, None)
    return (*content, values["amount_fen"], values["paid_on"] or values["reviewed_on"])


def _aid_now(case: AidCase) -> Content:
    outcome = "declined" if case.state == "declined" else "approved"
    return (
        case.cadre_id,
        case.cause,
        case.applied_on,
        case.reviewed_on,
        outcome,
        case.amount_fen,
        case.pay_on,
    )


def _suggestions(loading: _Loading, rows: Sequence[Row]) -> Loaded:
    numbered = {row.number: row_id("suggestion", loading.year, row.values["suggestion_no"]) for row in rows}
    kept = by_id(loading.session, Suggestion, numbered.values())

    def take(row: Row) -> bool:
        values: Any = row.values
        details = suggestions.Details(values["category"], values["channel"], values["received_on"], values["summary"])
        suggestion_id, told = numbered[row.number], (*_told(details), values["resolved_on"])
        if suggestion_id in kept:
            return _unchanged(kept[suggestion_id], told, _suggestion_now(kept[suggestion_id]))
        suggestion = suggestions.receive(loading.session, suggestion_id, details, loading.today)
        suggestion.row_digest = _digest(told)
        if values["resolved_on"]:
            suggestions.resolve(loading.session, suggestion, values["resolved_on"], loading.today)
        return True

    return loading.sheet("suggestions", rows, take)


def _suggestion_now(kept: Suggestion) -> Content:
    return (kept.category, kept.channel, kept.received_on, kept.summary, kept.resolved_on)
