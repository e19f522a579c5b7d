"""The routes of adjustments."""

from __future__ import annotations

from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.finance import balance
from services.finance.adjustments import rules
from services.finance.adjustments.model import Adjustment
from services.finance.adjustments.schema import AdjustmentSchema
from services.finance.base import ACCOUNTANT, READERS

ONE = "/adjustments/<id>"


class AdjustmentRoutes:
    """Adjustments: made, listed, read, amended, voided; the line is locked before them."""

    list_adjustments = listing(
        "/adjustments", "预算调整列表", READERS, AdjustmentSchema, Adjustment, by="adjusted_on", equal=("year",)
    )
    get_adjustment = read(ONE, "预算调整", READERS, AdjustmentSchema, Adjustment)

    @create("/budget-lines/<uuid:line_id>/adjustments", "调整预算", ACCOUNTANT, AdjustmentSchema, at="/adjustments")
    def adjust_line(self, call: Call, line_id: str) -> Adjustment:
        """Raise or cut a line."""
        return rules.make(call.session, balance.lock_line(call.session, line_id), call.body, call.today)

    @amend(ONE, "修改预算调整", ACCOUNTANT, AdjustmentSchema, Adjustment, first=balance.lock_line_of)
    def amend_adjustment(self, call: Call, adjustment: Adjustment, reason: str) -> Adjustment:
        """Its amount or date."""
        return rules.amend(call.session, adjustment.line, adjustment, call.body, reason, call.today)

    @act(
        f"{ONE}/void", "作废预算调整", ACCOUNTANT, AdjustmentSchema, Adjustment, body=VoidIn, first=balance.lock_line_of
    )
    def void_adjustment(self, call: Call, adjustment: Adjustment) -> Adjustment:
        """It was not made."""
        return rules.void(call.session, adjustment.line, adjustment, call.body["reason"])
