"""What finance's API takes and gives. Amounts are yuan with at most two decimals ("12.30")."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hongxia.schema.fields import Changes, Flag, Id, Text, Yuan
from hongxia.schema.derive import PageQuery
from services.finance.workbook import EXPENDITURE_CLASSES

_YEAR = validate.Range(1990, 2100)
_CLASS = validate.OneOf(list(EXPENDITURE_CLASSES.values()))


class BudgetLineIn(Schema):
    """A line to approve."""

    year = fields.Integer(required=True, strict=True, validate=_YEAR)
    line_no = Text(required=True, validate=validate.Length(1, 32))
    name = Text(required=True, validate=validate.Length(1, 100))
    expenditure_class = fields.String(required=True, validate=_CLASS)
    initial = Yuan(required=True, zero=True, attribute="initial_fen")
    pays_aid = Flag(load_default=False)
    approved_on = fields.Date(required=True)


class BudgetLineChanges(Changes):
    """What may be amended of a line."""

    name = Text(validate=validate.Length(1, 100))
    pays_aid = Flag()


class BudgetLineOut(Schema):
    """A line as it stands."""

    id = fields.String(required=True)
    year = fields.Integer(required=True)
    line_no = fields.String(required=True)
    name = fields.String(required=True)
    expenditure_class = fields.String(required=True)
    initial = Yuan(required=True, attribute="initial_fen")
    adjusted = Yuan(required=True, attribute="adjusted_fen", negative=True)
    spent = Yuan(required=True, attribute="spent_fen")
    balance = Yuan(required=True, attribute="balance_fen")
    pays_aid = fields.Boolean(required=True)
    approved_on = fields.Date(required=True)
    version = fields.Integer(required=True)


class AdjustmentIn(Schema):
    """A raise, or a cut if negative."""

    adjustment_no = Text(required=True, validate=validate.Length(1, 32))
    amount = Yuan(required=True, negative=True, attribute="amount_fen")
    adjusted_on = fields.Date(required=True)


class AdjustmentOut(Schema):
    """An adjustment."""

    id = fields.String(required=True)
    year = fields.Integer(required=True)
    adjustment_no = fields.String(required=True)
    line_id = fields.String(required=True)
    amount = Yuan(required=True, negative=True, attribute="amount_fen")
    adjusted_on = fields.Date(required=True)


class ExpenditureIn(Schema):
    """A voucher to post."""

    line_id = Id(required=True)
    voucher_no = Text(required=True, validate=validate.Length(1, 32))
    amount = Yuan(required=True, attribute="amount_fen")
    spent_on = fields.Date(required=True)
    summary = Text(load_default=None, validate=validate.Length(1, 200))


class ReversalIn(Schema):
    """A voucher that takes another back."""

    voucher_no = Text(required=True, validate=validate.Length(1, 32))
    spent_on = fields.Date(required=True)
    summary = Text(load_default=None, validate=validate.Length(1, 200))


class ExpenditureOut(Schema):
    """A voucher."""

    id = fields.String(required=True)
    year = fields.Integer(required=True)
    voucher_no = fields.String(required=True)
    line_id = fields.String(required=True)
    amount = Yuan(required=True, attribute="amount_fen")
    spent_on = fields.Date(required=True)
    summary = fields.String(required=True, allow_none=True)
    reverses_id = fields.String(required=True, allow_none=True)


class AidPaymentOut(Schema):
    """Finance's answer to an aid case: `expenditure_id` if it was paid, `refused` with the reason if not."""

    case_id = fields.String(required=True)
    amount = Yuan(required=True, attribute="amount_fen")
    answered_on = fields.Date(required=True)
    expenditure_id = fields.String(required=True, allow_none=True)
    refused = fields.String(required=True, allow_none=True)


class YearQuery(PageQuery):
    """A list, of one year if asked."""

    year = fields.Integer(load_default=None, validate=_YEAR)
