"""What finance's answers change in a case: it pays or refuses, waits for a line, returns, reverses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.dates import day_of
from hongxia.events.context import context_of
from hongxia.events.declare import EventType
from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event
from hongxia.events.parked import Unappliable
from hongxia.events.publish import publish
from services.outreach.aid.events import AID_RETURNED, AID_REVERSED, AID_SETTLED
from services.outreach.aid.model import AidCase
from services.outreach.aid.rules import publish_amended
from services.outreach.cadres.mirror import lock_many
from services.outreach.cadres.review import review


def apply(session: Session, events: Sequence[Event]) -> None:
    """Apply finance's events. Raises Unappliable for an answer that fits no case, UnknownType."""
    _lock_cadres(session, {event.subject for event in events if HANDLERS.get(event.type)})
    dispatch(session, events, HANDLERS)


def _lock_cadres(session: Session, case_ids: set[str]) -> None:
    """Whoever changes a case of a cadre holds the cadre."""
    lock_many(session, {case.cadre_id for case in records.by_ids(session, AidCase, case_ids).values()})


def _on_paid(session: Session, event: Event) -> None:
    case = _case(session, event)
    if case is None:
        return
    _must_allow(case, "pay")
    case.expenditure_id, case.withdrawal = event.may("expenditure_id", str), None
    _settle(session, case, event, "pay", None)
    review(session, [case.cadre_id], _today(session))


def _on_refused(session: Session, event: Event) -> None:
    case = _case(session, event)
    if case is None or case.state in ("withdrawn", "refused"):
        return  # nobody asks any more, or the case has this answer already
    _must_allow(case, "refuse")
    case.refusal = event.need("reason", str)
    _settle(session, case, event, "refuse", case.refusal)
    review(session, [case.cadre_id], _today(session))


def _on_waiting(session: Session, event: Event) -> None:
    """No line yet: finance will pay or refuse later."""
    case = _case(session, event)
    if case is not None and case.state == "approved":
        case.waiting = True


def _on_returned(session: Session, event: Event) -> None:
    case = _take_back(session, event, "return", AID_RETURNED)
    if case is not None:
        case.returned_on = event.occurredon


def _on_reversed(session: Session, event: Event) -> None:
    _take_back(session, event, "reverse", AID_REVERSED)


PAID = "hongxia.finance.aid.paid.v1"

HANDLERS = {
    f"hongxia.finance.aid.{what}.v1": handler
    for what, handler in (
        ("paid", _on_paid),
        ("refused", _on_refused),
        ("waiting", _on_waiting),
        ("returned", _on_returned),
        ("reversed", _on_reversed),
        # finance's own affairs: an answer to a withdrawal, and a reversal that a second person has not confirmed
        ("withdrawn", None),
        ("reversal-proposed", None),
        ("reversal-dropped", None),
    )
}


def _case(session: Session, event: Event) -> AidCase | None:
    """Return the case that an answer is for, as it is now that its cadre is locked; None if the answer was applied
    before. Raises Unappliable for an unknown case, or an amount that was never asked for.
    """
    case = session.get(AidCase, event.subject, populate_existing=True)
    if case is None:
        raise Unappliable("unknown-aid-case")
    if event.entityversion <= case.finance_version:
        return None
    amount_fen = event.need("amount_fen", int)
    if amount_fen not in (case.amount_fen, *case.asked_fen):
        raise Unappliable("aid-amount-differs")
    case.finance_version = event.entityversion
    if amount_fen == case.amount_fen:
        return case
    if event.type != PAID:
        return None  # the amended approval is answered next
    _put_back(session, case, amount_fen, event.occurredon)
    return case


def _put_back(session: Session, case: AidCase, amount_fen: int, paid_on: date) -> None:
    """Finance paid before it read that the approval was amended, or taken back: what it paid stands."""
    changes: dict[str, object] = {"amount_fen": amount_fen}
    if case.state in ("applied", "declined"):
        reviewed_on = min(case.reviewed_on or paid_on, paid_on)
        changes |= {"reviewed_on": reviewed_on, "pay_on": paid_on}
        case.year = reviewed_on.year
    changed = records.change(session, case, changes)
    publish_amended(session, case, changed, "followed")


def _must_allow(case: AidCase, verb: str) -> None:
    if not case.lifecycle.allows(case.state, verb):
        raise Unappliable("aid-not-awaiting-payment" if verb in ("pay", "refuse") else "aid-not-paid")


def _settle(session: Session, case: AidCase, event: Event, verb: str, reason: str | None) -> None:
    case.settled_on, case.waiting = event.occurredon, False
    records.move(session, case, verb)
    publish(session, AID_SETTLED, case, on=event.occurredon, outcome=case.state, reason=reason)


def _take_back(session: Session, event: Event, verb: str, event_type: EventType) -> AidCase | None:
    case = _case(session, event)
    if case is None:
        return None
    _must_allow(case, verb)
    records.move(session, case, verb)
    publish(session, event_type, case, on=event.occurredon)
    review(session, [case.cadre_id], _today(session))
    return case


def _today(session: Session) -> date:
    return day_of(context_of(session).now)
