"""Finance's half of the aid saga: an approved case is paid from the line for aid, or refused; exactly once."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from hongxia.events.envelope import Event
from hongxia.events.outbox import append
from hongxia.http.problems import NotFound
from services.finance import budget, expenditure
from services.finance.events import AID_PAID, AID_REFUSED
from services.finance.models import AidPayment, BudgetLine

APPROVED = "hongxia.outreach.aid.approved.v1"
IGNORED = frozenset(
    f"hongxia.outreach.{name}.v1"
    for name in (
        "visit.recorded",
        "visit.amended",
        "visit.voided",
        "contact.made",
        "contact.voided",
        "aid.applied",
        "aid.declined",
        "aid.settled",
        "suggestion.received",
        "suggestion.assigned",
        "suggestion.resolved",
        "suggestion.voided",
    )
)


def on_approved(session: Session, event: Event) -> None:
    """Answer an approved case. The day of payment is the one that the approval asks for."""
    case_id, amount_fen = event.subject, event.need("amount_fen", int)
    pay_on = event.need_date("pay_on")
    if session.get(AidPayment, case_id):
        return
    line = budget.aid_line(session, pay_on.year)
    if line is None or pay_on < line.approved_on:
        _refuse(session, case_id, amount_fen, pay_on, "no-line")
    elif line.balance_fen < amount_fen:
        _refuse(session, case_id, amount_fen, pay_on, "no-money")
    else:
        _pay(session, line, case_id, amount_fen, pay_on)


def get(session: Session, case_id: str) -> AidPayment:
    """The answer to a case. Raises NotFound."""
    found = session.get(AidPayment, case_id)
    if found is None:
        raise NotFound("没有这项帮扶的拨付记录", slug="unknown-aid-payment")
    return found


def _pay(session: Session, line: BudgetLine, case_id: str, amount_fen: int, on: date) -> None:
    voucher = expenditure.Voucher(f"BF-{case_id}", amount_fen, on, "帮扶款")
    paid_by = expenditure.post(session, line, voucher)
    session.add(AidPayment(case_id=case_id, amount_fen=amount_fen, answered_on=on, expenditure_id=paid_by.id))
    data = {
        "case_id": case_id,
        "expenditure_id": paid_by.id,
        "line_id": line.id,
        "amount_fen": amount_fen,
        "paid_on": on.isoformat(),
    }
    append(session, AID_PAID, subject=case_id, entityversion=1, occurredon=on, data=data)


def _refuse(session: Session, case_id: str, amount_fen: int, on: date, reason: str) -> None:
    session.add(AidPayment(case_id=case_id, amount_fen=amount_fen, answered_on=on, refused=reason))
    data = {"case_id": case_id, "amount_fen": amount_fen, "reason": reason, "refused_on": on.isoformat()}
    append(session, AID_REFUSED, subject=case_id, entityversion=1, occurredon=on, data=data)
