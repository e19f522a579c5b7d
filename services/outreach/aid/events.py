"""The events of aid cases. What the cause was stays in this service."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from hongxia.codes import AMEND_REASONS
from hongxia.events.declare import EventType
from hongxia.schema.derive import event_data
from hongxia.schema.fields import CadreRef, Code, Day, Text, Yuan
from services.outreach.aid.schema import SETTLEMENTS, WITHDRAWALS


def _amount(**options: Any) -> Yuan:
    return Yuan(help_en="the amount approved", **options)


def _day(help_en: str, **options: Any) -> Day:
    return Day(help_en=help_en, **options)


APPLIED_DATA = event_data(
    "AidAppliedData",
    "An application for aid.",
    None,
    cadre_id=CadreRef(),
    applied_on=_day("the day of the application"),
)
AMENDED_DATA = event_data(
    "AidAmendedData",
    "An aid case as it stands after an amendment.",
    None,
    cadre_id=CadreRef(),
    applied_on=_day("the day of the application"),
    approved_on=_day("the day of the approval; null if it was not approved", required=False),
    declined_on=_day("the day on which it was declined; null if it was not", required=False),
    amount_fen=_amount(required=False),
    pay_on=_day("the day on which finance is asked to pay; null if it was not approved", required=False),
    changed=fields.List(fields.String(), metadata={"help_en": "names of the fields that changed, sorted"}),
    reason=Code(AMEND_REASONS, help_en="why"),
)
APPROVED_DATA = event_data(
    "AidApprovedData",
    "Aid that finance is asked to pay on `pay_on`.",
    None,
    cadre_id=CadreRef(),
    amount_fen=_amount(),
    approved_on=_day("the day of the approval"),
    pay_on=_day("the day on which finance is asked to pay; perhaps in the next year"),
)
DECLINED_DATA = event_data(
    "AidDeclinedData",
    "An application that was not approved.",
    None,
    cadre_id=CadreRef(),
    declined_on=_day("the day of the decision"),
)
WITHDRAWN_DATA = event_data(
    "AidWithdrawnData",
    "A case that was withdrawn before it was paid.",
    None,
    cadre_id=CadreRef(),
    amount_fen=_amount(required=False),
    reason=Code(WITHDRAWALS, help_en="why"),
)
SETTLED_DATA = event_data(
    "AidSettledData",
    "How finance answered an approved case.",
    None,
    cadre_id=CadreRef(),
    amount_fen=_amount(),
    outcome=Code(SETTLEMENTS, help_en="whether it was paid"),
    reason=Text(help_en="finance's reason if it refused", required=False),
)
UNPAID_DATA = event_data(
    "AidUnpaidData",
    "A case that had been paid, and is not any more.",
    None,
    cadre_id=CadreRef(),
    amount_fen=_amount(),
)

AID_APPLIED = EventType(
    "outreach.aid.applied", 1, APPLIED_DATA, "帮扶已申请", "Aid was applied for, or a decided case was opened again."
)
AID_AMENDED = EventType(
    "outreach.aid.amended",
    1,
    AMENDED_DATA,
    "帮扶已修改",
    "An aid case was amended. If it is approved and not answered, aid.approved follows with what finance is asked now.",
)
AID_APPROVED = EventType(
    "outreach.aid.approved",
    1,
    APPROVED_DATA,
    "帮扶已批准",
    "Aid was approved, perhaps anew after a return; finance answers, the subject of its answers is the case.",
)
AID_DECLINED = EventType("outreach.aid.declined", 1, DECLINED_DATA, "帮扶不予批准", "Aid was not approved.")
AID_WITHDRAWN = EventType(
    "outreach.aid.withdrawn",
    1,
    WITHDRAWN_DATA,
    "帮扶已撤回",
    "A case was withdrawn before it was paid, for instance because the cadre had died before the application.",
)
AID_SETTLED = EventType(
    "outreach.aid.settled", 1, SETTLED_DATA, "帮扶已办结", "An approved aid case was paid, or refused, by finance."
)
AID_RETURNED = EventType(
    "outreach.aid.returned",
    1,
    UNPAID_DATA,
    "帮扶款已退回",
    "The bank returned a payment; the case may be approved and paid anew, or withdrawn.",
)
AID_REVERSED = EventType(
    "outreach.aid.reversed", 1, UNPAID_DATA, "帮扶已冲销", "Finance reversed the payment of a case: it does not count."
)

EVENTS = (
    AID_APPLIED,
    AID_AMENDED,
    AID_APPROVED,
    AID_DECLINED,
    AID_WITHDRAWN,
    AID_SETTLED,
    AID_RETURNED,
    AID_REVERSED,
)
