"""Register a cadre whom the bureau serves, and correct the record."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.events.publish import publish
from hongxia.names import folded
from hongxia.rules import ENTERED_TWICE, Conflicting, Violation, ask, refuse
from services.registry import review
from services.registry.cadres import numbers, particulars
from services.registry.cadres.events import CADRE_AMENDED, CADRE_REGISTERED
from services.registry.cadres.find import must_stand
from services.registry.cadres.model import Cadre
from services.registry.changes import rules as changes_rules
from services.registry.changes.history import begin_histories, first_changes
from services.registry.deaths import rules as deaths
from services.registry.lists import declared
from services.registry.transfers import rules as transfers

DATES = ("resident_number", "joined_party_on", "registered_on", "deceased_on")
"""The fields that particulars.violations checks together."""


def cadre_id(cadre_no: str) -> str:
    """Return the id of the cadre with that number; other services compute it in the same way."""
    return ids.entity_id("cadre", cadre_no)


def register(
    session: Session,
    cadre_no: str | None,
    values: Mapping[str, Any],
    documents: Mapping[str, str | None],
    today: date,
    confirmed: Collection[str] = (),
) -> Cadre:
    """Register a cadre, under the next number if none is given; `documents` are those of rank, treatment and the like,
    by aspect. A `deceased_on` among the values is recorded as the death.

    Raises Refused for particulars at fault, Conflicting for a number that another cadre has, Question (entered-twice).
    """
    refuse([*particulars.violations(values, today), *declared.violations(session, values)])
    register_row = numbers.lock(session)
    known = session.get(Cadre, cadre_id(cadre_no)) if cadre_no is not None else None
    if known is not None:
        message = f"已有干部编号 {cadre_no}，请换一个编号，或不填编号由系统自动编号"
        raise Conflicting(Violation("cadre_no", "cadre-no-taken", message), extra={"existing": known.id})
    owner = numbers.owner_of(session, values["resident_number"])
    if owner is not None:
        raise numbers.taken(owner)
    ask_about_twin(_twin(session, values), confirmed)
    cadre = enrol(session, cadre_no or numbers.next_number(register_row), values)
    numbers.note(register_row, cadre.cadre_no)
    begin_histories(session, first_changes(cadre, documents))
    if values.get("deceased_on"):
        deaths.record(session, cadre, values["deceased_on"], today)
    return cadre


def enrol(session: Session, cadre_no: str, values: Mapping[str, Any]) -> Cadre:
    """Add and publish the record of a living cadre, whose numbers and particulars the caller has checked.

    The caller also begins the history, for many cadres at once.
    """
    cadre = Cadre(id=cadre_id(cadre_no), cadre_no=cadre_no, **{**values, "deceased_on": None})
    cadre.birth_date = particulars.birth_date(cadre.resident_number)
    cadre.away, cadre.merged_into = (), None
    records.begin(session, cadre, "register")
    publish(session, CADRE_REGISTERED, cadre, on=cadre.registered_on)
    return cadre


def amend(session: Session, cadre: Cadre, changes: Mapping[str, Any], reason: str, today: date) -> Cadre:
    """Correct particulars of a locked cadre, also after death; without a difference nothing happens. What has a dated
    history (rank, unit, …) is corrected in the entry that holds now.

    Raises Refused, and Conflicting for a merged record or a resident number that another record has.
    """
    must_stand(session, cadre)
    if changes.get("resident_number", cadre.resident_number) != cadre.resident_number:
        _must_be_free(session, changes["resident_number"])
        changes = {**changes, "birth_date": particulars.birth_date(changes["resident_number"])}
    changed = records.change(session, cadre, changes)
    if not changed:
        return cadre
    with session.no_autoflush:
        refuse(_violations(session, cadre, changed, today))
        if "registered_on" in changed:
            changes_rules.move_start(session, cadre, cadre.registered_on)
    changes_rules.correct_present(session, cadre, changed)
    publish(session, CADRE_AMENDED, cadre, on=today, changed=changed, reason=reason)
    review.review(session, [cadre.id], today)
    return cadre


def ask_about_twin(twin: str | None, confirmed: Collection[str]) -> None:
    """Raise Question if there is a record with the same name and birth date, unless somebody says it is another
    person's.
    """
    if twin is not None:
        message = "名册中已有姓名和出生日期相同的干部；确为另一人的，请确认后登记"
        ask(Violation("name", ENTERED_TWICE, message), confirmed, extra={"existing": twin})


def _twin(session: Session, values: Mapping[str, Any]) -> str | None:
    born = particulars.birth_date(values["resident_number"])
    query = select(Cadre.id).where(Cadre.folded_name == folded(values["name"]), Cadre.birth_date == born)
    return session.scalar(query.where(Cadre.merged_into.is_(None)).order_by(Cadre.id).limit(1))


def _must_be_free(session: Session, resident_number: str) -> None:
    owner = numbers.owner_of(session, resident_number)
    if owner is not None:
        raise numbers.taken(owner)


def _violations(session: Session, cadre: Cadre, changed: Collection[str], today: date) -> Iterator[Violation]:
    values = {name: getattr(cadre, name) for name in DATES}
    if not set(DATES).isdisjoint(changed):
        yield from particulars.violations(values, today)
    yield from declared.violations(session, {name: getattr(cadre, name) for name in changed if name in declared.LISTS})
    if "registered_on" in changed:
        for transfer in transfers.of(session, cadre.id):
            if transfer.left_on < cadre.registered_on:
                message = f"登记日期 {cadre.registered_on} 晚于转出日期 {transfer.left_on}，请先更正调转记录"
                yield Violation("registered_on", "transfer-before-registration", message)
