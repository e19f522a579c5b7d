"""What outreach's API takes and gives. Codes are those of the workbook; amounts are yuan ("12.30")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from hongxia.schema.derive import PageQuery
from hongxia.schema.fields import Changes, Flag, Id, Text, Yuan
from services.outreach.obligations import CAUSES, STATES
from services.outreach.workbook import (
    AID_CAUSES,
    CONTACT_METHODS,
    SUGGESTION_CATEGORIES,
    SUGGESTION_CHANNELS,
    VISIT_CATEGORIES,
    VISIT_FORMS,
    VISIT_OCCASIONS,
)

VISIT_STATES = ("recorded", "voided")
CONTACT_STATES = ("made", "voided")
AID_STATES = ("applied", "approved", "declined", "paid", "refused")
SUGGESTION_STATES = ("received", "assigned", "resolved", "voided")
STAY_STATES = ("reported", "ended", "voided")


def _code(labels: Mapping[str, str], **options: Any) -> fields.String:
    """One of the codes behind the workbook's labels."""
    return fields.String(validate=validate.OneOf(list(labels.values()), labels=list(labels)), **options)


def _state(states: tuple[str, ...]) -> fields.String:
    return fields.String(load_default=None, validate=validate.OneOf(states))


class VisitChanges(Changes):
    """What may be amended of a visit: any of what was told of it."""

    cadre_id = Id()
    visited_on = fields.Date()
    form = _code(VISIT_FORMS)
    category = _code(VISIT_CATEGORIES)
    occasion = _code(VISIT_OCCASIONS)
    five_must = Flag()
    people = fields.Integer(strict=True, validate=validate.Range(1, 99))


class VisitIn(Schema):
    """A visit to record."""

    cadre_id = Id(required=True)
    visited_on = fields.Date(required=True)
    form = _code(VISIT_FORMS, required=True)
    category = _code(VISIT_CATEGORIES, required=True)
    occasion = _code(VISIT_OCCASIONS, required=True)
    five_must = Flag(required=True)
    people = fields.Integer(required=True, strict=True, validate=validate.Range(1, 99))


class VisitOut(Schema):
    """A visit as it stands."""

    id = fields.String(required=True)
    cadre_id = fields.String(required=True)
    visited_on = fields.Date(required=True)
    form = fields.String(required=True)
    category = fields.String(required=True)
    occasion = fields.String(required=True)
    five_must = fields.Boolean(required=True)
    people = fields.Integer(required=True)
    state = fields.String(required=True)
    void_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class DatedQuery(PageQuery):
    """A list of what happened within dates, both included."""

    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)


class VisitQuery(DatedQuery):
    """Which visits."""

    cadre_id = Id(load_default=None)
    category = _code(VISIT_CATEGORIES, load_default=None)
    occasion = _code(VISIT_OCCASIONS, load_default=None)
    state = _state(VISIT_STATES)


class ContactIn(Schema):
    """A contact to record."""

    cadre_id = Id(required=True)
    contacted_on = fields.Date(required=True)
    method = _code(CONTACT_METHODS, required=True)


class ContactOut(Schema):
    """A contact as it stands."""

    id = fields.String(required=True)
    cadre_id = fields.String(required=True)
    contacted_on = fields.Date(required=True)
    method = fields.String(required=True)
    state = fields.String(required=True)
    void_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class ContactQuery(DatedQuery):
    """Which contacts."""

    cadre_id = Id(load_default=None)
    method = _code(CONTACT_METHODS, load_default=None)
    state = _state(CONTACT_STATES)


class ApplicationIn(Schema):
    """An application for aid."""

    cadre_id = Id(required=True)
    cause = _code(AID_CAUSES, required=True)
    applied_on = fields.Date(required=True)


class ApprovalIn(Schema):
    """A leader's grant; without `pay_on` it is paid on the day of the approval."""

    amount = Yuan(required=True, attribute="amount_fen")
    approved_on = fields.Date(required=True)
    pay_on = fields.Date(load_default=None)


class DeclineIn(Schema):
    """A leader's refusal."""

    declined_on = fields.Date(required=True)


class AidCaseOut(Schema):
    """A case as it stands; `refusal` is finance's reason, `expenditure_id` its voucher."""

    id = fields.String(required=True)
    cadre_id = fields.String(required=True)
    year = fields.Integer(required=True)
    cause = fields.String(required=True)
    applied_on = fields.Date(required=True)
    state = fields.String(required=True)
    reviewed_on = fields.Date(required=True, allow_none=True)
    amount = Yuan(required=True, allow_none=True, attribute="amount_fen")
    pay_on = fields.Date(required=True, allow_none=True)
    expenditure_id = fields.String(required=True, allow_none=True)
    refusal = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class AidQuery(DatedQuery):
    """Which cases; the dates are those of application."""

    cadre_id = Id(load_default=None)
    year = fields.Integer(load_default=None, validate=validate.Range(1990, 9999))
    state = _state(AID_STATES)


class SuggestionIn(Schema):
    """A suggestion that came in."""

    category = _code(SUGGESTION_CATEGORIES, required=True)
    channel = _code(SUGGESTION_CHANNELS, required=True)
    received_on = fields.Date(required=True)
    summary = Text(load_default=None, validate=validate.Length(1, 500))


class AssignmentIn(Schema):
    """To whom (a code or a post; a name is not needed) a suggestion is given."""

    assignee = Text(required=True, validate=validate.Length(1, 50))
    assigned_on = fields.Date(required=True)


class ResolutionIn(Schema):
    """When a suggestion was dealt with."""

    resolved_on = fields.Date(required=True)


class SuggestionOut(Schema):
    """A suggestion as it stands."""

    id = fields.String(required=True)
    category = fields.String(required=True)
    channel = fields.String(required=True)
    received_on = fields.Date(required=True)
    summary = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    assignee = fields.String(required=True, allow_none=True)
    assigned_on = fields.Date(required=True, allow_none=True)
    resolved_on = fields.Date(required=True, allow_none=True)
    void_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class SuggestionQuery(DatedQuery):
    """Which suggestions."""

    category = _code(SUGGESTION_CATEGORIES, load_default=None)
    channel = _code(SUGGESTION_CHANNELS, load_default=None)
    state = _state(SUGGESTION_STATES)


class StayIn(Schema):
    """A hospital stay to report; without `reported_on` it was reported today."""

    cadre_id = Id(required=True)
    admitted_on = fields.Date(required=True)
    reported_on = fields.Date(load_default=None)
    hospital = Text(load_default=None, validate=validate.Length(1, 100))


class StayEndIn(Schema):
    """When a cadre left the hospital."""

    discharged_on = fields.Date(required=True)


class StayOut(Schema):
    """A stay as it stands."""

    id = fields.String(required=True)
    cadre_id = fields.String(required=True)
    admitted_on = fields.Date(required=True)
    reported_on = fields.Date(required=True)
    discharged_on = fields.Date(required=True, allow_none=True)
    hospital = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    void_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class StayQuery(DatedQuery):
    """Which stays; the dates are those of admission."""

    cadre_id = Id(load_default=None)
    state = _state(STAY_STATES)


class ObligationKindIn(Schema):
    """A kind of visit that must be paid, with the days that there are for it."""

    title = Text(required=True, validate=validate.Length(1, 30))
    days = fields.Integer(required=True, strict=True, validate=validate.Range(1, 365))
    raised_by = fields.String(required=True, allow_none=True, validate=validate.OneOf(CAUSES))
    occasions = fields.List(_code(VISIT_OCCASIONS), required=True, validate=validate.Length(1, 20))
    active = Flag(required=True)


class ObligationKindOut(Schema):
    """A kind as it stands."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    days = fields.Integer(required=True)
    raised_by = fields.String(required=True, allow_none=True)
    occasions = fields.List(fields.String(), required=True)
    active = fields.Boolean(required=True)
    version = fields.Integer(required=True)


class ObligationOut(Schema):
    """A visit that must be, was, or should have been paid."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    cadre_id = fields.String(required=True)
    raised_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    state = fields.String(required=True)
    stay_id = fields.String(required=True, allow_none=True)
    visit_id = fields.String(required=True, allow_none=True)


class ObligationQuery(DatedQuery):
    """Which obligations; the dates are the deadlines, `liaison` is the one who is to pay the visit."""

    cadre_id = Id(load_default=None)
    kind = Text(load_default=None, validate=validate.Length(1, 20))
    state = _state(STATES)
    liaison = Text(load_default=None, validate=validate.Length(1, 50))
