"""The routes of expenditure."""

from __future__ import annotations

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.runtime.routes import amend, create, listing, read
from services.finance import balance
from services.finance.aid.schema import ReturnIn
from services.finance.base import ACCOUNTANT, READERS
from services.finance.expenditures import rules
from services.finance.expenditures.model import Expenditure
from services.finance.expenditures.schema import ExpenditureSchema

ONE = "/expenditures/<id>"
REVERSAL = "/expenditures/<uuid:original_id>/reversal"


class ExpenditureRoutes:
    """Vouchers: posted, listed, read, amended, reversed; the line is locked before them."""

    list_expenditures = listing(
        "/expenditures", "支出列表", READERS, ExpenditureSchema, Expenditure, by="spent_on", equal=("year", "line_id")
    )
    get_expenditure = read(ONE, "支出", READERS, ExpenditureSchema, Expenditure)

    @create("/expenditures", "支出记账", ACCOUNTANT, ExpenditureSchema)
    def post_expenditure(self, call: Call) -> Expenditure:
        """A voucher on a line."""
        line = balance.lock_line(call.session, call.body["line_id"])
        return rules.post(call.session, line, call.body, call.today)

    @amend(ONE, "修改支出凭证", ACCOUNTANT, ExpenditureSchema, Expenditure, first=balance.lock_line_of)
    def amend_expenditure(self, call: Call, voucher: Expenditure, reason: str) -> Expenditure:
        """Its date, amount or summary."""
        return rules.amend(call.session, voucher.line, voucher, call.body, reason, call.today)

    @create(REVERSAL, "冲销支出", ACCOUNTANT, ExpenditureSchema, body=ReturnIn, at="/expenditures")
    def reverse_expenditure(self, call: Call, original_id: str) -> Expenditure:
        """Reverse a voucher, whole; in a later year, too."""
        original = records.get(call.session, Expenditure, original_id)
        line = balance.lock_line(call.session, original.line_id)
        call.session.refresh(original)  # it may have been amended while the line was locked by others
        return rules.reverse(call.session, line, original, call.body, call.today)
