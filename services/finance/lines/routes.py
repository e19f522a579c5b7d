"""The routes of budget lines."""

from __future__ import annotations

from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.finance.aid.rules import pay_waiting
from services.finance.base import ACCOUNTANT, READERS
from services.finance.lines import rules
from services.finance.lines.model import BudgetLine
from services.finance.lines.schema import BudgetLineSchema

ONE = "/budget-lines/<id>"


class BudgetLineRoutes:
    """Budget lines: approved, listed, read, amended, voided. A line that comes to pay aid pays the cases that wait."""

    list_lines = listing(
        "/budget-lines", "预算项目列表", READERS, BudgetLineSchema, BudgetLine, by="line_no", equal=("year",)
    )
    get_line = read(ONE, "预算项目", READERS, BudgetLineSchema, BudgetLine)

    @create("/budget-lines", "批准预算项目", ACCOUNTANT, BudgetLineSchema)
    def approve_line(self, call: Call) -> BudgetLine:
        """A new line of the year's budget."""
        line = rules.approve(call.session, call.body, call.today)
        pay_waiting(call.session, line.year)
        return line

    @amend(ONE, "修改预算项目", ACCOUNTANT, BudgetLineSchema, BudgetLine)
    def amend_line(self, call: Call, line: BudgetLine, reason: str) -> BudgetLine:
        """Name, class, amount, date, or whether it pays aid."""
        amended = rules.amend(call.session, line, call.body, reason, call.today)
        pay_waiting(call.session, line.year)
        return amended

    @act(f"{ONE}/void", "作废预算项目", ACCOUNTANT, BudgetLineSchema, BudgetLine, body=VoidIn)
    def void_line(self, call: Call, line: BudgetLine) -> BudgetLine:
        """A line that nothing was recorded on."""
        return rules.void(call.session, line, call.body["reason"])
