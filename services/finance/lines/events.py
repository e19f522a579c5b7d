"""The events of budget lines."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, voided_data_of
from services.finance.lines.schema import BudgetLineSchema

BUDGET_APPROVED = EventType(
    "finance.budget.approved",
    1,
    data_of(BudgetLineSchema),
    "预算项目已批准",
    "A line of the year's budget was approved.",
)
BUDGET_AMENDED = EventType(
    "finance.budget.amended", 1, amended_data_of(BudgetLineSchema), "预算项目已修改", "A budget line was amended."
)
BUDGET_VOIDED = EventType(
    "finance.budget.voided", 1, voided_data_of(BudgetLineSchema), "预算项目已作废", "A budget line was voided."
)

EVENTS = (BUDGET_APPROVED, BUDGET_AMENDED, BUDGET_VOIDED)
