"""The events that outreach publishes. Amounts are integer fen; cadres are opaque ids, suggestions have no text."""

from __future__ import annotations

from marshmallow import fields, validate

from hongxia.events.declare import EventData, EventType
from hongxia.patterns import FullMatch
from services.outreach.workbook import (
    CONTACT_METHODS,
    SUGGESTION_CATEGORIES,
    SUGGESTION_CHANNELS,
    VISIT_CATEGORIES,
    VISIT_FORMS,
    VISIT_OCCASIONS,
)

OUTCOMES = ("paid", "refused")


def _code(labels: dict[str, str]) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(list(labels.values())))


def _fen() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(1))


class VisitData(EventData):
    """A visit as it stands; `people` counts the cadre and the family members called on."""

    cadre_id = fields.UUID(required=True)
    visited_on = fields.Date(required=True)
    form = _code(VISIT_FORMS)
    category = _code(VISIT_CATEGORIES)
    occasion = _code(VISIT_OCCASIONS)
    five_must = fields.Boolean(required=True)
    people = fields.Integer(required=True, strict=True, validate=validate.Range(1))


class ContactData(EventData):
    """A contact with a cadre; `month` is that of `contacted_on`, as YYYY-MM."""

    cadre_id = fields.UUID(required=True)
    contacted_on = fields.Date(required=True)
    month = fields.String(required=True, validate=FullMatch(r"^\d{4}-\d{2}$"))
    method = _code(CONTACT_METHODS)


class AidAppliedData(EventData):
    """An application for aid."""

    cadre_id = fields.UUID(required=True)
    applied_on = fields.Date(required=True)


class AidApprovedData(EventData):
    """Aid that finance is asked to pay on `pay_on`."""

    cadre_id = fields.UUID(required=True)
    amount_fen = _fen()
    approved_on = fields.Date(required=True)
    pay_on = fields.Date(required=True)


class AidDeclinedData(EventData):
    """An application that was not approved."""

    cadre_id = fields.UUID(required=True)
    declined_on = fields.Date(required=True)


class AidSettledData(EventData):
    """How an approved case ended; `reason` is finance's if it refused."""

    cadre_id = fields.UUID(required=True)
    amount_fen = _fen()
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    reason = fields.String(required=True, allow_none=True)


class SuggestionData(EventData):
    """A suggestion, without its text."""

    category = _code(SUGGESTION_CATEGORIES)
    channel = _code(SUGGESTION_CHANNELS)
    received_on = fields.Date(required=True)


class SuggestionAssignedData(SuggestionData):
    """A suggestion that somebody is to answer."""

    assigned_on = fields.Date(required=True)


class SuggestionResolvedData(SuggestionData):
    """A suggestion that was dealt with."""

    resolved_on = fields.Date(required=True)


VISIT_RECORDED = EventType("outreach.visit.recorded", 1, VisitData, "走访已登记", "A visit to a cadre was recorded.")
VISIT_AMENDED = EventType(
    "outreach.visit.amended", 1, VisitData, "走访已修改", "A recorded visit was amended; the data is its new state."
)
VISIT_VOIDED = EventType(
    "outreach.visit.voided", 1, VisitData, "走访已作废", "A recorded visit was voided and counts no more."
)
CONTACT_MADE = EventType(
    "outreach.contact.made", 1, ContactData, "已联系", "A cadre was contacted (the monthly contact)."
)
CONTACT_VOIDED = EventType(
    "outreach.contact.voided", 1, ContactData, "联系已作废", "A contact was voided and counts no more."
)
AID_APPLIED = EventType("outreach.aid.applied", 1, AidAppliedData, "帮扶已申请", "Aid was applied for.")
AID_APPROVED = EventType(
    "outreach.aid.approved",
    1,
    AidApprovedData,
    "帮扶已批准",
    "Aid was approved; finance answers with finance.aid.paid or finance.aid.refused, the subject is the case.",
)
AID_DECLINED = EventType("outreach.aid.declined", 1, AidDeclinedData, "帮扶不予批准", "Aid was not approved.")
AID_SETTLED = EventType(
    "outreach.aid.settled", 1, AidSettledData, "帮扶已办结", "An approved aid case ended: it was paid, or refused."
)
SUGGESTION_RECEIVED = EventType(
    "outreach.suggestion.received", 1, SuggestionData, "意见建议已收到", "A request or suggestion came in."
)
SUGGESTION_ASSIGNED = EventType(
    "outreach.suggestion.assigned",
    1,
    SuggestionAssignedData,
    "意见建议已交办",
    "A suggestion was given to somebody to answer, or to somebody else than before.",
)
SUGGESTION_RESOLVED = EventType(
    "outreach.suggestion.resolved", 1, SuggestionResolvedData, "意见建议已办结", "A suggestion was dealt with."
)
SUGGESTION_VOIDED = EventType(
    "outreach.suggestion.voided", 1, SuggestionData, "意见建议已作废", "A suggestion was voided and counts no more."
)

EVENTS = (
    VISIT_RECORDED,
    VISIT_AMENDED,
    VISIT_VOIDED,
    CONTACT_MADE,
    CONTACT_VOIDED,
    AID_APPLIED,
    AID_APPROVED,
    AID_DECLINED,
    AID_SETTLED,
    SUGGESTION_RECEIVED,
    SUGGESTION_ASSIGNED,
    SUGGESTION_RESOLVED,
    SUGGESTION_VOIDED,
)
