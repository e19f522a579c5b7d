"""The events of aid payments; their subject is the aid case."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import event_data
from hongxia.schema.fields import Code, Day, Id
from services.finance.aid.schema import REFUSALS, AidPaymentSchema


def _event(what: str, title: str, description: str, **fields: object) -> EventType:
    data = event_data(f"Aid{what.title()}Data", description, AidPaymentSchema, case_id=Id(help_en="the case"), **fields)
    return EventType(f"finance.aid.{what}", 1, data, title, description)


AID_PAID = _event(
    "paid",
    "帮扶款已拨付",
    "An approved aid case was paid.",
    expenditure_id=Id(help_en="the voucher"),
    line_id=Id(help_en="the budget line that it was paid from"),
    paid_on=Day(
        help_en="the day of payment: the one asked for, or that of the line or of the return before, if it is later"
    ),
)
AID_REFUSED = _event(
    "refused",
    "帮扶款无法拨付",
    "An approved aid case can't be paid.",
    reason=Code(REFUSALS, label="不予拨付的原因", help_en="why"),
    refused_on=Day(help_en="the day for which payment was asked, or on which the line was approved after it"),
)
AID_WAITING = _event(
    "waiting",
    "帮扶款等待项目",
    "No budget line pays aid in the year of payment yet; the case is paid or refused once there is one.",
    pay_on=Day(help_en="the day for which payment was asked"),
)
AID_RETURNED = _event(
    "returned",
    "帮扶款已退回",
    "The bank gave a payment back; its voucher was reversed. It may be paid again.",
    returned_on=Day(help_en="the day of the return"),
)
AID_WITHDRAWN = _event(
    "withdrawn",
    "帮扶款不再拨付",
    "The case was withdrawn before it was paid, or after its payment was returned.",
    withdrawn_on=Day(help_en="the day on which finance learnt of it"),
)
AID_REVERSAL_PROPOSED = _event(
    "reversal-proposed", "提出撤回帮扶款", "Somebody proposed to take a payment back; another person has to confirm it."
)
AID_REVERSAL_DROPPED = _event("reversal-dropped", "不再撤回帮扶款", "The proposal to take a payment back was dropped.")
AID_REVERSED = _event(
    "reversed",
    "帮扶款已撤回",
    "A payment was taken back by two persons; its voucher was reversed.",
    reversed_on=Day(help_en="the day of the reversal"),
)

EVENTS = (
    AID_PAID,
    AID_REFUSED,
    AID_WAITING,
    AID_RETURNED,
    AID_WITHDRAWN,
    AID_REVERSAL_PROPOSED,
    AID_REVERSAL_DROPPED,
    AID_REVERSED,
)
