"""Aid cases (帮扶): outreach's half of the saga. What it approves, finance pays or refuses; that settles the case."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.events.envelope import Event
from hongxia.events.outbox import append
from hongxia.events.parked import Unappliable
from hongxia.http.problems import NotFound, Problem, Rule
from services.outreach import cadres
from services.outreach.events import AID_APPLIED, AID_APPROVED, AID_DECLINED, AID_SETTLED
from services.outreach.models import AidCase, Cadre
from services.outreach.rules import day_objections, next_state, refuse

TRANSITIONS = {
    ("applied", "approve"): "approved",
    ("applied", "decline"): "declined",
    ("approved", "pay"): "paid",
    ("approved", "refuse"): "refused",
}
"""The last two are finance's to say. What is declined, paid or refused stays so."""

COUNTED = ("applied", "approved", "paid")
"""The states in which a case uses up the cadre's one aid of the year. models.py has an index on the same."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application; the cause's code as in the workbook."""

    cadre_id: str
    cause: str
    applied_on: date


@dataclass(frozen=True, slots=True)
class Approval:
    """What a leader grants: integer fen, to be paid on a day."""

    amount_fen: int
    approved_on: date
    pay_on: date


def application_objections(application: Application, cadre: Cadre | None, today: date) -> Iterator[Problem]:
    """Why such an application can't be."""
    yield from day_objections(application.applied_on, today, "#/applied_on")
    yield from cadres.objections(cadre)
    if cadre is not None and cadres.deceased_before(cadre, application.applied_on):
        yield Rule("该干部在申请日期前已去世", slug="cadre-deceased", pointer=cadres.POINTER)


def _once_a_year(year: int, aided: Collection[int]) -> Iterator[Problem]:
    if year in aided:
        yield Rule(f"该干部{year}年已有帮扶，同一年度只帮扶一次", slug="aid-already-this-year", pointer=cadres.POINTER)


def aided_years(session: Session, cadre_ids: Collection[str], *, but: str | None = None) -> dict[str, set[int]]:
    """For each of some cadres the years in which there is an aid already, records merged into theirs included.

    `but` leaves one case out.
    """
    remaining = cadres.same_person(session)
    wanted = {remaining.get(cadre_id, cadre_id) for cadre_id in cadre_ids}
    years: dict[str, set[int]] = {cadre_id: set() for cadre_id in cadre_ids}
    query = select(AidCase.cadre_id, AidCase.year).where(AidCase.state.in_(COUNTED), AidCase.id != (but or ""))
    for cadre_id, year in session.execute(query):
        person = remaining.get(cadre_id, cadre_id)
        if person in wanted:
            years.setdefault(person, set()).add(year)
    return {cadre_id: years[remaining.get(cadre_id, cadre_id)] for cadre_id in cadre_ids}


def apply(
    session: Session,
    case_id: str,
    application: Application,
    cadre: Cadre | None,
    today: date,
    *,
    aided: Collection[int],
    year: int | None = None,
) -> AidCase:
    """A new case. `aided` are the years in which the cadre has an aid already, `year` the one that this is for,
    if it is known to be another than that of the application. Raises Rule.
    """
    year = year or application.applied_on.year
    refuse([*application_objections(application, cadre, today), *_once_a_year(year, aided)])
    case = AidCase(id=case_id, state="applied", year=year, version=1, **asdict(application))
    session.add(case)
    _tell(session, AID_APPLIED, case, case.applied_on, applied_on=case.applied_on.isoformat())
    return case


def approve(session: Session, case: AidCase, approval: Approval, today: date, *, aided: Collection[int]) -> AidCase:
    """Grant it; finance will answer. Raises Conflict, Rule."""
    state = next_state(TRANSITIONS, case.state, "approve")
    refuse(_approval_objections(case, approval, today, aided))
    case.state = state
    case.year = approval.approved_on.year
    case.amount_fen, case.reviewed_on, case.pay_on = approval.amount_fen, approval.approved_on, approval.pay_on
    case.version += 1
    _tell(
        session,
        AID_APPROVED,
        case,
        approval.approved_on,
        amount_fen=approval.amount_fen,
        approved_on=approval.approved_on.isoformat(),
        pay_on=approval.pay_on.isoformat(),
    )
    return case


def _approval_objections(case: AidCase, approval: Approval, today: date, aided: Collection[int]) -> Iterator[Problem]:
    if approval.amount_fen <= 0:
        yield Rule("金额应大于零", slug="amount-not-positive", pointer="#/amount")
    yield from _review_objections(case, approval.approved_on, today, "#/approved_on")
    yield from day_objections(approval.pay_on, today, "#/pay_on")
    if approval.pay_on < approval.approved_on:
        yield Rule("拨付日期早于审批日期", slug="paid-before-approval", pointer="#/pay_on")
    yield from _once_a_year(approval.approved_on.year, aided)


def _review_objections(case: AidCase, on: date, today: date, pointer: str) -> Iterator[Problem]:
    yield from day_objections(on, today, pointer)
    if on < case.applied_on:
        yield Rule("审批日期早于申请日期", slug="reviewed-before-application", pointer=pointer)


def decline(session: Session, case: AidCase, declined_on: date, today: date) -> AidCase:
    """Don't grant it. Raises Conflict, Rule."""
    state = next_state(TRANSITIONS, case.state, "decline")
    refuse(_review_objections(case, declined_on, today, "#/declined_on"))
    case.state = state
    case.reviewed_on = declined_on
    case.version += 1
    _tell(session, AID_DECLINED, case, declined_on, declined_on=declined_on.isoformat())
    return case


def get(session: Session, case_id: str, *, lock: bool = False) -> AidCase:
    """A case. Raises NotFound."""
    case = session.get(AidCase, case_id, with_for_update=lock, populate_existing=lock)
    if case is None:
        raise NotFound("没有这件帮扶", slug="unknown-aid-case")
    return case


def on_paid(session: Session, event: Event) -> None:
    """Finance paid."""
    case = _awaiting(session, event, "paid")
    if case is not None:
        case.expenditure_id = event.need("expenditure_id", str)
        _settle(session, case, "pay", None)


def on_refused(session: Session, event: Event) -> None:
    """Finance refused: no line pays aid that year, or its money is spent."""
    case = _awaiting(session, event, "refused")
    if case is not None:
        case.refusal = event.need("reason", str)
        _settle(session, case, "refuse", case.refusal)


def _awaiting(session: Session, event: Event, outcome: str) -> AidCase | None:
    """The approved case that an answer is for; None if it was given before. Raises Unappliable for one that
    does not fit: an unknown case, another amount, or the opposite of an earlier answer.
    """
    case = session.get(AidCase, event.subject, with_for_update=True, populate_existing=True)
    if case is None:
        raise Unappliable("unknown-aid-case")
    if event.need("amount_fen", int) != case.amount_fen:
        raise Unappliable("aid-amount-differs")
    if case.state == outcome:
        return None
    if case.state != "approved":
        raise Unappliable("aid-not-awaiting-payment")
    return case


def _settle(session: Session, case: AidCase, verb: str, reason: str | None) -> None:
    case.state = next_state(TRANSITIONS, case.state, verb)
    case.version += 1
    assert case.pay_on is not None  # an approved case has one
    _tell(session, AID_SETTLED, case, case.pay_on, amount_fen=case.amount_fen, outcome=case.state, reason=reason)


def _tell(session: Session, event_type: EventType, case: AidCase, on: date, **data: Any) -> None:
    append(
        session,
        event_type,
        subject=case.id,
        entityversion=case.version,
        occurredon=on,
        data={"cadre_id": case.cadre_id, **data},
    )
