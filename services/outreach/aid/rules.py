"""What may be applied for, decided, amended and withdrawn. What finance answers is in finance.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import Violation, not_before, past_day, refuse
from hongxia.schema.fields import yuan
from services.outreach.aid.events import AID_AMENDED, AID_APPLIED, AID_APPROVED, AID_DECLINED, AID_WITHDRAWN
from services.outreach.aid.model import COUNTED, AidCase
from services.outreach.cadres import mirror
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre
from services.outreach.cadres.review import review

LONGEST = timedelta(days=366)
"""How long after the approval aid may be paid: into the next year, not into the one after."""

ALWAYS = frozenset({"cause", "applied_on"})
AMENDABLE = {
    "applied": ALWAYS | {"cadre_id"},
    "approved": ALWAYS | {"reviewed_on", "amount_fen", "pay_on"},
    "declined": ALWAYS | {"cadre_id", "reviewed_on"},
}
"""What may be amended in a state; in every other one, what finance has answered stands, and only ALWAYS may."""

GRANTED = frozenset({"amount_fen", "reviewed_on", "pay_on"})
"""What finance is asked."""

PUBLISHED = {"reviewed_on": "approved_on"}
"""How events call a field."""

NEW = {
    **dict.fromkeys(("reviewed_on", "amount_fen", "pay_on", "settled_on", "expenditure_id")),
    **dict.fromkeys(("refusal", "withdrawal")),
    "waiting": False,
}


def apply(
    session: Session,
    case_id: str,
    values: Mapping[str, Any],
    cadre: Cadre | None,
    today: date,
    *,
    year: int | None = None,
    counts: bool = True,
) -> AidCase:
    """Record an application of a cadre (locked by the caller). `year` is the one that it is for, if it is known to be
    another than that of the application; one that is known to be declined does not count. Raises Refused.
    """
    year = year or values["applied_on"].year
    refuse(_application(values, cadre, today))
    assert cadre is not None  # refused otherwise
    if counts:
        refuse(_once_a_year(session, cadre.id, year, "cadre_id"))
    case = AidCase(id=case_id, **NEW, **{**values, "cadre_id": cadre.id}, year=year, asked_fen=[])
    case.returned_on, case.finance_version = None, 0
    records.begin(session, case, "apply")
    publish(session, AID_APPLIED, case, on=case.applied_on)
    return case


def approve(session: Session, case: AidCase, values: Mapping[str, Any], today: date) -> AidCase:
    """Grant an application, or grant a returned payment anew; finance will answer. `values` are `amount_fen`,
    `reviewed_on` and `pay_on` (None: the day of the approval). Raises Conflicting, Refused.
    """
    case.lifecycle.after(case.state, "approve")
    granted = {**values, "pay_on": values["pay_on"] or values["reviewed_on"]}
    refuse([*_approval(case, granted, today), *_not_served(CADRES.find(session, case.cadre_id), case.applied_on, "")])
    refuse(_once_a_year(session, case.cadre_id, granted["reviewed_on"].year, "reviewed_on", but=case.id))
    for name, value in granted.items():
        setattr(case, name, value)
    case.year, case.settled_on = case.reviewed_on.year, None  # type: ignore[union-attr]
    case.asked_fen = [*case.asked_fen, granted["amount_fen"]]
    case.expenditure_id, case.waiting = None, False
    records.move(session, case, "approve")
    publish(session, AID_APPROVED, case, on=granted["reviewed_on"])
    return case


def decline(session: Session, case: AidCase, reviewed_on: date, today: date) -> AidCase:
    """Decline an application. Raises Conflicting, Refused."""
    case.lifecycle.after(case.state, "decline")
    refuse(_review_day(case.applied_on, reviewed_on, today))
    case.reviewed_on, case.year = reviewed_on, reviewed_on.year
    records.move(session, case, "decline")
    publish(session, AID_DECLINED, case, on=reviewed_on)
    review(session, [case.cadre_id], today)
    return case


def withdraw(session: Session, case: AidCase, reason: str, today: date) -> AidCase:
    """Withdraw a case that is not paid; `reason` is a code of WITHDRAWALS. Raises Conflicting."""
    records.move(session, case, "withdraw")
    case.withdrawal, case.waiting = reason, False
    publish(session, AID_WITHDRAWN, case, on=today, reason=reason)
    review(session, [case.cadre_id], today)
    return case


def reopen(session: Session, case: AidCase, today: date) -> AidCase:
    """Take back that a case was declined or withdrawn: it is applied for, to be decided anew.

    Raises Conflicting, Refused.
    """
    case.lifecycle.after(case.state, "reopen")
    refuse(_not_served(CADRES.find(session, case.cadre_id), case.applied_on, ""))
    refuse(_once_a_year(session, case.cadre_id, case.applied_on.year, "", but=case.id))
    begin_anew(session, case)
    return case


def begin_anew(session: Session, case: AidCase) -> None:
    """Put a case back into its first state."""
    for name, value in NEW.items():
        setattr(case, name, value)
    case.year = case.applied_on.year
    records.move(session, case, "reopen")
    publish(session, AID_APPLIED, case, on=case.applied_on)


def amend(session: Session, case: AidCase, changes: Mapping[str, Any], reason: str, today: date) -> AidCase:
    """Change what was recorded of a case; nothing happens if it is the same. Raises Conflicting, Refused."""
    case.lifecycle.after(case.state, "amend")
    cadre = CADRES.find(session, changes.get("cadre_id") or case.cadre_id)
    if "cadre_id" in changes and cadre is not None:
        changes = {**changes, "cadre_id": cadre.id}
    differing = {name: value for name, value in changes.items() if getattr(case, name) != value}
    if not differing:
        return case
    refuse(_fixed(case, differing))
    year = _check(session, case, differing, cadre, today)
    if "amount_fen" in differing:
        case.asked_fen = [*case.asked_fen, differing["amount_fen"]]
    before = case.cadre_id
    changed = records.change(session, case, differing)
    case.year = year
    publish_amended(session, case, changed, reason)
    if case.state == "approved" and GRANTED & set(changed):
        records.touch(session, case)
        publish(session, AID_APPROVED, case, on=case.reviewed_on or today)  # finance is asked anew
    review(session, [before, case.cadre_id], today)
    return case


def publish_amended(session: Session, case: AidCase, changed: list[str], reason: str) -> None:
    """Publish that fields of a case changed, by the names that events give them."""
    declined = {"reviewed_on": "declined_on"} if case.state == "declined" else PUBLISHED
    names = sorted(declined.get(name, name) for name in changed)
    publish(session, AID_AMENDED, case, on=case.reviewed_on or case.applied_on, changed=names, reason=reason)


def _fixed(case: AidCase, changes: Mapping[str, Any]) -> Iterator[Violation]:
    """What may not be amended in the state of the case."""
    shown = case.lifecycle.states[case.state]
    for name in sorted(changes.keys() - AMENDABLE.get(case.state, ALWAYS)):
        old, new = _shown(name, getattr(case, name)), _shown(name, changes[name])
        if name == "cadre_id":
            message = f"状态为“{shown}”的帮扶不能改为另一位干部的{_way_out(case)}"
        elif case.state == "applied":
            message = f"这件帮扶尚未审批，不能填写“{new}”；请用 POST /aid-cases/{case.id}/approve 批准"
        else:
            message = f"状态为“{shown}”，不能由“{old}”改为“{new}”；已拨付的由财务退回或冲销，其余的请另立一件"
        yield Violation(name, "fixed-in-this-state", message)


def _way_out(case: AidCase) -> str:
    """What to do, in its present state, about a case that is another cadre's after all."""
    if case.lifecycle.allows(case.state, "withdraw"):
        return f"；请撤回（POST /aid-cases/{case.id}/withdraw）后另行申请"
    if case.state == "paid":
        return f"；请由财务撤回帮扶款（POST /aid-payments/{case.id}/propose-reversal）后另行申请"
    return "；请另立一件"


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "空"
    return f"{yuan(value)} 元" if name == "amount_fen" else str(value)


def _check(session: Session, case: AidCase, changes: Mapping[str, Any], cadre: Cadre | None, today: date) -> int:
    """Refuse what the case may not become; return the year that it will count for."""
    after = {name: getattr(case, name) for name in ("applied_on", "reviewed_on", "amount_fen", "pay_on")} | dict(
        changes
    )
    about = not ({"cadre_id", "applied_on"} | GRANTED).isdisjoint(changes)
    found = _application(after, cadre, today, living=case.state in ("applied", "approved"))
    refuse(mirror.changed_only(found, standing=about))
    if case.state == "approved":
        refuse(_approval(case, after, today))
    elif after["reviewed_on"] is not None:
        refuse(_review_day(after["applied_on"], after["reviewed_on"], today))
    year = int((after["reviewed_on"] or after["applied_on"]).year)
    if case.state in COUNTED:
        assert cadre is not None  # refused otherwise
        refuse(_once_a_year(session, cadre.id, year, "reviewed_on" if after["reviewed_on"] else "", but=case.id))
    return year


def _application(
    values: Mapping[str, Any], cadre: Cadre | None, today: date, *, living: bool = True
) -> Iterator[Violation]:
    yield from past_day("applied_on", values["applied_on"], today)
    yield from mirror.violations(
        cadre, "applied_on", values["applied_on"], "申请日期", after_death=not living, before_registration=True
    )


def _not_served(cadre: Cadre | None, applied_on: date, field: str) -> Iterator[Violation]:
    """Who had died or left for another bureau before the application gets no aid, whenever that is learnt."""
    for found in mirror.violations(cadre, "applied_on", applied_on, "申请日期", before_registration=True):
        if found.code in ("cadre-deceased", "cadre-transferred"):
            yield Violation(field, found.code, found.message)


def _approval(case: AidCase, values: Mapping[str, Any], today: date) -> Iterator[Violation]:
    amount_fen, reviewed_on, pay_on = (values[name] for name in ("amount_fen", "reviewed_on", "pay_on"))
    if not amount_fen or amount_fen <= 0:
        yield Violation("amount_fen", "amount-not-positive", f"金额为 {yuan(amount_fen or 0)} 元，应大于零")
    if reviewed_on is None or pay_on is None:
        name = "reviewed_on" if reviewed_on is None else "pay_on"
        yield Violation(name, "date-needed", "已批准的帮扶不能没有审批日期和拨付日期；请填写正确的日期")
        return
    yield from _review_day(values.get("applied_on", case.applied_on), reviewed_on, today)
    yield from not_before("pay_on", pay_on, reviewed_on, "paid-before-approval", "拨付日期", "审批日期")
    if case.returned_on is not None:
        yield from not_before("pay_on", pay_on, case.returned_on, "paid-before-return", "拨付日期", "退回日期")
    if pay_on - reviewed_on > LONGEST:
        message = f"拨付日期 {pay_on} 晚于审批日期 {reviewed_on} 一年以上"
        yield Violation("pay_on", "paid-too-late", message)


def _review_day(applied_on: date, reviewed_on: date, today: date) -> Iterator[Violation]:
    yield from past_day("reviewed_on", reviewed_on, today)
    code = "reviewed-before-application"
    yield from not_before("reviewed_on", reviewed_on, applied_on, code, "审批日期", "申请日期")


def _once_a_year(session: Session, cadre_id: str, year: int, field: str, *, but: str = "") -> Iterator[Violation]:
    """One aid a person and year, under whatever number it was applied for."""
    same = CADRES.same_entities(session, [cadre_id])
    query = select(AidCase.state).where(AidCase.cadre_id.in_(same), AidCase.year == year, AidCase.id != but)
    with session.no_autoflush:
        state = session.scalars(query.where(AidCase.state.in_(COUNTED)).limit(1)).first()
    if state is not None:
        shown = AidCase.lifecycle.states[state]
        message = f"该干部{year}年已有帮扶（{shown}），同一年度只帮扶一次"
        yield Violation(field, "aid-already-this-year", message)
