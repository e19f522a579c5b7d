"""Finance's half of the payment of aid: an approved case is paid from the aid line, refused, or waits for that line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.dates import day_of
from hongxia.events.context import context_of
from hongxia.events.envelope import Event
from hongxia.events.publish import publish
from hongxia.rules import Refused, Violation, not_before, past_day, refuse
from services.finance import balance
from services.finance.aid.events import (
    AID_PAID,
    AID_REFUSED,
    AID_RETURNED,
    AID_REVERSAL_DROPPED,
    AID_REVERSAL_PROPOSED,
    AID_REVERSED,
    AID_WAITING,
    AID_WITHDRAWN,
)
from services.finance.aid.model import AidPayment
from services.finance.contradictions import rules as contradictions
from services.finance.expenditures import rules as expenditures
from services.finance.expenditures.model import Expenditure
from services.finance.lines import rules as lines
from services.finance.lines.model import BudgetLine


def on_approved(session: Session, event: Event) -> None:
    """Answer an approved case, once for each of its versions. What is paid or reversed stays so."""
    payment = _payment(session, event)
    if payment.approval >= event.entityversion:
        return
    amount, pay_on = event.need("amount_fen", int), event.need_date("pay_on")
    payment.approval, payment.withdrawn = event.entityversion, False
    stands = payment.state in ("paid", "proposed", "reversed")
    if not stands or amount == payment.amount_fen:
        payment.asked_fen = amount
    answered = payment.version > 0 and event.entityversion <= payment.answered_before and amount == payment.amount_fen
    if answered or stands:
        contradictions.review(session, payment)
        return
    payment.amount_fen, payment.pay_on = amount, pay_on
    if payment.returned_on is not None:
        # What the bank returned is not paid anew before its return, whatever day an approval asks for.
        payment.pay_on = max(payment.pay_on, payment.returned_on)
    answer(session, payment)


def on_withdrawn(session: Session, event: Event) -> None:
    """Note that a case was withdrawn: it is not to be paid any more. If it has been paid, that is a contradiction until
    the money is back. Withdrawals of cases that were never approved are ignored.
    """
    payment = _payment(session, event)
    if payment.version == 0 or payment.approval >= event.entityversion:
        return
    payment.approval, payment.withdrawn = event.entityversion, True
    if not payment.lifecycle.allows(payment.state, "withdraw"):
        contradictions.review(session, payment)
        return
    _enter(session, payment, "withdraw")
    payment.answered_on = day_of(context_of(session).now)
    publish(session, AID_WITHDRAWN, payment, on=payment.answered_on, withdrawn_on=payment.answered_on)


def forget(session: Session, _source: str) -> None:
    """Forget what outreach approved, because its history is to be read from the beginning: what that history does not
    say anew is not paid, and what was paid for it is listed, to be taken back by two persons.
    """
    query = select(AidPayment).order_by(AidPayment.id).with_for_update()
    for payment in session.scalars(query.execution_options(populate_existing=True)).all():
        payment.answered_before = max(payment.answered_before, payment.approval)
        payment.approval, payment.asked_fen = 0, 0
        contradictions.review(session, payment)


def _payment(session: Session, event: Event) -> AidPayment:
    """The answer to a case, locked, or one to begin."""
    found = session.get(AidPayment, event.subject, with_for_update=True, populate_existing=True)
    if found is not None:
        return found
    today = day_of(context_of(session).now)
    amount = event.may("amount_fen", int) or 0
    return AidPayment(
        id=event.subject,
        state="",
        version=0,
        approval=0,
        asked_fen=0,
        answered_before=0,
        amount_fen=amount,
        pay_on=today,
        answered_on=today,
        payments=0,
        withdrawn=False,
    )


def answer(session: Session, payment: AidPayment) -> None:
    """Pay a case, refuse it, or let it wait for a line that pays aid; the balance is judged as for vouchers. Where the
    line was approved after the day of payment, the case is paid on the line's day, whichever of the two is recorded
    first.
    """
    line = lines.aid_line(session, payment.pay_on.year)
    payment.answered_on, payment.refused = payment.pay_on, None
    if line is None:
        _enter(session, payment, "wait")
        publish(session, AID_WAITING, payment, on=payment.pay_on)
        return
    payment.answered_on = max(payment.pay_on, line.approved_on)
    if balance.first_overdrawn(session, line, {payment.answered_on: -payment.amount_fen}):
        _refuse(session, payment, "no-money")
    else:
        _pay(session, payment, line)


def pay_waiting(session: Session, year: int) -> None:
    """Answer the cases that wait for a year's aid line, in the order of their days; without one they go on waiting."""
    if lines.aid_line(session, year) is None:
        return
    asked = (AidPayment.state == "waiting", AidPayment.asked_fen > 0)
    query = select(AidPayment).where(*asked).order_by(AidPayment.pay_on, AidPayment.id)
    for payment in session.scalars(query.with_for_update()).all():
        if payment.pay_on.year == year:
            answer(session, payment)


def pay_again(session: Session, payment: AidPayment, pay_on: date, today: date) -> AidPayment:
    """Pay a case whose payment the bank returned. Raises Conflicting; Refused for other cases, or without the money."""
    payment.lifecycle.after(payment.state, "pay")
    refuse(past_day("pay_on", pay_on, today))
    if payment.state != "returned":
        raise Refused(Violation("", "not-returned", "只有银行退回的帮扶款可以重新拨付；其他情况请在帮扶中重新审批"))
    refuse(not_before("pay_on", pay_on, payment.answered_on, "paid-before-return", "拨付日期", "退回日期"))
    payment.pay_on = pay_on
    answer(session, payment)
    if payment.state != "paid":
        raise Refused(
            Violation("pay_on", "over-balance", f"{pay_on.year}年的帮扶资金项目不足以拨付；请先调增预算（预算调整）")
        )
    return payment


def take_return(session: Session, payment: AidPayment, values: Mapping[str, Any], today: date) -> AidPayment:
    """Note that the bank returned a payment, and reverse its voucher. Raises Conflicting, Refused."""
    payment.lifecycle.after(payment.state, "return")
    reversal = _reverse(session, payment, values, today)
    _enter(session, payment, "return")
    payment.answered_on = payment.returned_on = on = values["spent_on"]
    payment.expenditure_id = None
    publish(session, AID_RETURNED, payment, on=on, returned_on=on, corrects_year=reversal.corrects_year)
    contradictions.review(session, payment)
    return payment


def propose_reversal(
    session: Session, payment: AidPayment, values: Mapping[str, Any], actor: str, today: date
) -> AidPayment:
    """Propose to reverse a wrong payment; another person confirms it. Raises Conflicting, Refused."""
    refuse(past_day("spent_on", values["spent_on"], today))
    refuse(
        not_before("spent_on", values["spent_on"], payment.answered_on, "reversal-too-early", "撤回日期", "拨付日期")
    )
    _enter(session, payment, "propose-reversal")
    payment.proposed_by = actor
    payment.reversal = json.dumps({**values, "spent_on": values["spent_on"].isoformat()}, ensure_ascii=False)
    publish(session, AID_REVERSAL_PROPOSED, payment, on=today)
    return payment


def confirm_reversal(session: Session, payment: AidPayment, actor: str, today: date) -> AidPayment:
    """Reverse a payment as somebody else proposed. Raises Conflicting, Refused (same-person)."""
    payment.lifecycle.after(payment.state, "confirm-reversal")
    if actor == payment.proposed_by:
        raise Refused(Violation("", "same-person", "撤回帮扶款须由提出人以外的另一人确认"))
    assert payment.reversal is not None  # proposed
    proposed = json.loads(payment.reversal)
    on = date.fromisoformat(proposed["spent_on"])
    reversal = _reverse(session, payment, {**proposed, "spent_on": on}, today)
    _enter(session, payment, "confirm-reversal")
    payment.answered_on, payment.expenditure_id, payment.reversal = on, None, None
    publish(session, AID_REVERSED, payment, on=on, reversed_on=on, corrects_year=reversal.corrects_year)
    contradictions.review(session, payment)
    return payment


def drop_reversal(session: Session, payment: AidPayment, today: date) -> AidPayment:
    """Drop the proposal to reverse a payment. Raises Conflicting."""
    _enter(session, payment, "drop-reversal")
    payment.proposed_by = payment.reversal = None
    publish(session, AID_REVERSAL_DROPPED, payment, on=today)
    return payment


def _reverse(session: Session, payment: AidPayment, values: Mapping[str, Any], today: date) -> Expenditure:
    """Reverse the voucher of a payment; return the reversal."""
    voucher = records.get(session, Expenditure, str(payment.expenditure_id))
    line = balance.lock_line(session, voucher.line_id)
    return expenditures.reverse_any(session, line, voucher, values, today)


def _pay(session: Session, payment: AidPayment, line: BudgetLine) -> None:
    payment.payments += 1
    again = f"-{payment.payments}" if payment.payments > 1 else ""
    values = {
        "voucher_no": f"BF-{payment.id}{again}",
        "amount_fen": payment.amount_fen,
        "spent_on": payment.answered_on,
        "summary": "帮扶款",
    }
    voucher = expenditures.post(session, line, values, max(payment.answered_on, day_of(context_of(session).now)))
    session.flush()
    _enter(session, payment, "pay")
    payment.expenditure_id = voucher.id
    publish(session, AID_PAID, payment, on=payment.answered_on, line_id=line.id, paid_on=payment.answered_on)


def _refuse(session: Session, payment: AidPayment, reason: str) -> None:
    _enter(session, payment, "refuse")
    payment.refused, payment.expenditure_id = reason, None
    on = payment.answered_on
    publish(session, AID_REFUSED, payment, on=on, reason=reason, refused_on=on)


def _enter(session: Session, payment: AidPayment, verb: str) -> None:
    if payment.version == 0:
        records.begin(session, payment, verb)
    else:
        records.move(session, payment, verb)
