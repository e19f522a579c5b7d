"""The events that finance publishes. Amounts are integer fen."""

from __future__ import annotations

from marshmallow import fields, validate

from hongxia.events.declare import EventData, EventType
from services.finance.workbook import EXPENDITURE_CLASSES

REFUSALS = ("no-money", "no-line")


def _class() -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(list(EXPENDITURE_CLASSES.values())))


class BudgetLineData(EventData):
    """A budget line as it stands."""

    year = fields.Integer(required=True, strict=True)
    line_no = fields.String(required=True)
    name = fields.String(required=True)
    expenditure_class = _class()
    initial_fen = fields.Integer(required=True, strict=True)
    pays_aid = fields.Boolean(required=True)
    approved_on = fields.Date(required=True)


class BudgetAdjustedData(EventData):
    """A change of a line's budget, negative for a cut."""

    line_id = fields.UUID(required=True)
    year = fields.Integer(required=True, strict=True)
    expenditure_class = _class()
    amount_fen = fields.Integer(required=True, strict=True)
    adjusted_on = fields.Date(required=True)


class ExpenditureData(EventData):
    """Money spent from a line."""

    line_id = fields.UUID(required=True)
    year = fields.Integer(required=True, strict=True)
    expenditure_class = _class()
    amount_fen = fields.Integer(required=True, strict=True, validate=validate.Range(1))
    spent_on = fields.Date(required=True)


class ReversalData(ExpenditureData):
    """An expenditure taken back whole; `amount_fen` is positive and counts against the total."""

    reverses = fields.UUID(required=True)


class AidPaidData(EventData):
    """An approved aid case was paid."""

    case_id = fields.UUID(required=True)
    expenditure_id = fields.UUID(required=True)
    line_id = fields.UUID(required=True)
    amount_fen = fields.Integer(required=True, strict=True, validate=validate.Range(1))
    paid_on = fields.Date(required=True)


class AidRefusedData(EventData):
    """An approved aid case can't be paid."""

    case_id = fields.UUID(required=True)
    amount_fen = fields.Integer(required=True, strict=True)
    reason = fields.String(required=True, validate=validate.OneOf(REFUSALS))
    refused_on = fields.Date(required=True)


BUDGET_APPROVED = EventType(
    "finance.budget.approved", 1, BudgetLineData, "预算项目已批准", "A line of the year's budget was approved."
)
BUDGET_AMENDED = EventType(
    "finance.budget.amended", 1, BudgetLineData, "预算项目已修改", "The name or purpose of a budget line was amended."
)
BUDGET_ADJUSTED = EventType(
    "finance.budget.adjusted", 1, BudgetAdjustedData, "预算已调整", "A budget line was raised or cut within the year."
)
EXPENDITURE_POSTED = EventType(
    "finance.expenditure.posted", 1, ExpenditureData, "支出已记账", "A voucher was posted to a budget line."
)
EXPENDITURE_REVERSED = EventType(
    "finance.expenditure.reversed", 1, ReversalData, "支出已冲销", "A voucher was taken back, whole, by another."
)
AID_PAID = EventType(
    "finance.aid.paid", 1, AidPaidData, "帮扶款已拨付", "An approved aid case was paid; the subject is the case."
)
AID_REFUSED = EventType(
    "finance.aid.refused",
    1,
    AidRefusedData,
    "帮扶款无法拨付",
    "An approved aid case could not be paid: no line pays aid that year, or its balance is too small.",
)

EVENTS = (
    BUDGET_APPROVED,
    BUDGET_AMENDED,
    BUDGET_ADJUSTED,
    EXPENDITURE_POSTED,
    EXPENDITURE_REVERSED,
    AID_PAID,
    AID_REFUSED,
)
