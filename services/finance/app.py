"""Finance's endpoints: the year's budget by line, expenditure, and the payment of aid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hongxia.definition import Definition, Importable
from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event
from hongxia.http.auth import OFFICE
from hongxia.http.endpoint import Call, Page, Reply
from hongxia.paging import paginate
from hongxia.http.problems import Rule
from hongxia.runtime.consume import consume
from hongxia.runtime.http import route
from hongxia.runtime.service import Service
from services.finance import aid, budget, expenditure, loading, schemas
from services.finance.events import EVENTS
from services.finance.models import Adjustment, AidPayment, Base, BudgetLine, Expenditure
from services.finance.workbook import BUDGET

ACCOUNTANT = "accountant"
READERS = (ACCOUNTANT, OFFICE)


class FinanceService(Service):
    """预算、支出、帮扶拨付."""

    name = "finance"
    definition = Definition(
        title="财务",
        metadata=Base.metadata,
        migrations="services.finance:migrations",
        events=EVENTS,
        workbooks=(Importable(BUDGET, loading.load, (ACCOUNTANT,)),),
    )

    @route(
        "POST",
        "/budget-lines",
        summary="批准预算项目",
        roles=(ACCOUNTANT,),
        body=schemas.BudgetLineIn,
        returns=schemas.BudgetLineOut,
        status=201,
    )
    def approve_line(self, call: Call) -> Reply:
        """A new line of the year's budget."""
        _not_future(call, "approved_on")
        line = budget.approve(call.session, budget.NewLine(**call.body))
        return Reply(line, headers={"Location": f"budget-lines/{line.id}"})

    @route(
        "GET",
        "/budget-lines",
        summary="预算项目列表",
        roles=READERS,
        query=schemas.YearQuery,
        returns=schemas.BudgetLineOut,
        many=True,
    )
    def list_lines(self, call: Call) -> Page:
        """The lines, by number."""
        return _of_year(call, BudgetLine, BudgetLine.line_no, BudgetLine.id)

    @route("GET", "/budget-lines/<uuid:line_id>", summary="预算项目", roles=READERS, returns=schemas.BudgetLineOut)
    def get_line(self, call: Call, line_id: UUID) -> BudgetLine:
        """One line with its balance."""
        return budget.get(call.session, str(line_id))

    @route(
        "PATCH",
        "/budget-lines/<uuid:line_id>",
        summary="修改预算项目",
        roles=(ACCOUNTANT,),
        body=schemas.BudgetLineChanges,
        returns=schemas.BudgetLineOut,
    )
    def amend_line(self, call: Call, line_id: UUID) -> BudgetLine:
        """Its name, or whether it pays aid; amounts change by adjustments only."""
        line = budget.locked(call.session, str(line_id))
        call.must_match(line.version)
        return budget.amend(call.session, line, call.body, call.today)

    @route(
        "POST",
        "/budget-lines/<uuid:line_id>/adjustments",
        summary="调整预算",
        roles=(ACCOUNTANT,),
        body=schemas.AdjustmentIn,
        returns=schemas.AdjustmentOut,
        status=201,
    )
    def adjust_line(self, call: Call, line_id: UUID) -> Reply:
        """Raise or cut a line."""
        _not_future(call, "adjusted_on")
        line = budget.locked(call.session, str(line_id))
        body = call.body
        adjusted = budget.adjust(call.session, line, body["adjustment_no"], body["amount_fen"], body["adjusted_on"])
        return Reply(adjusted, headers={"Location": f"../../adjustments/{adjusted.id}"})

    @route(
        "GET",
        "/adjustments",
        summary="预算调整列表",
        roles=READERS,
        query=schemas.YearQuery,
        returns=schemas.AdjustmentOut,
        many=True,
    )
    def list_adjustments(self, call: Call) -> Page:
        """The adjustments, by date."""
        return _of_year(call, Adjustment, Adjustment.adjusted_on, Adjustment.id)

    @route("GET", "/adjustments/<uuid:adjustment_id>", summary="预算调整", roles=READERS, returns=schemas.AdjustmentOut)
    def get_adjustment(self, call: Call, adjustment_id: UUID) -> Adjustment:
        """One adjustment."""
        return budget.get_adjustment(call.session, str(adjustment_id))

    @route(
        "POST",
        "/expenditures",
        summary="支出记账",
        roles=(ACCOUNTANT,),
        body=schemas.ExpenditureIn,
        returns=schemas.ExpenditureOut,
        status=201,
    )
    def post_expenditure(self, call: Call) -> Reply:
        """A voucher on a line."""
        _not_future(call, "spent_on")
        line = budget.locked(call.session, call.body.pop("line_id"))
        posted = expenditure.post(call.session, line, expenditure.Voucher(**call.body))
        return Reply(posted, headers={"Location": f"expenditures/{posted.id}"})

    @route(
        "GET",
        "/expenditures",
        summary="支出列表",
        roles=READERS,
        query=schemas.YearQuery,
        returns=schemas.ExpenditureOut,
        many=True,
    )
    def list_expenditures(self, call: Call) -> Page:
        """The vouchers, by date."""
        return _of_year(call, Expenditure, Expenditure.spent_on, Expenditure.id)

    @route("GET", "/expenditures/<uuid:expenditure_id>", summary="支出", roles=READERS, returns=schemas.ExpenditureOut)
    def get_expenditure(self, call: Call, expenditure_id: UUID) -> Expenditure:
        """One voucher."""
        return expenditure.get(call.session, str(expenditure_id))

    @route(
        "POST",
        "/expenditures/<uuid:expenditure_id>/reversal",
        summary="冲销支出",
        roles=(ACCOUNTANT,),
        body=schemas.ReversalIn,
        returns=schemas.ExpenditureOut,
        status=201,
    )
    def reverse_expenditure(self, call: Call, expenditure_id: UUID) -> Reply:
        """Take a voucher back, whole."""
        _not_future(call, "spent_on")
        original = expenditure.get(call.session, str(expenditure_id))
        line = budget.locked(call.session, original.line_id)
        voucher = expenditure.Voucher(amount_fen=original.amount_fen, **call.body)
        reversal = expenditure.reverse(call.session, line, original, voucher)
        return Reply(reversal, headers={"Location": f"../../expenditures/{reversal.id}"})

    @route("GET", "/aid-payments/<uuid:case_id>", summary="帮扶拨付结果", roles=READERS, returns=schemas.AidPaymentOut)
    def get_aid_payment(self, call: Call, case_id: UUID) -> AidPayment:
        """What became of an approved aid case."""
        return aid.get(call.session, str(case_id))

    @consume("outreach")
    def from_outreach(self, session: Session, events: Sequence[Event]) -> None:
        """Approved aid is paid or refused."""
        dispatch(session, events, {aid.APPROVED: aid.on_approved}, aid.IGNORED)


def _of_year(call: Call, model: type[Base], *order: InstrumentedAttribute[Any]) -> Page:
    """A page in some order, of one year if asked."""
    query = select(model)
    if call.query["year"]:
        query = query.filter_by(year=call.query["year"])
    return paginate(call.session, query, order, call.query)


def _not_future(call: Call, name: str) -> None:
    day: date = call.body[name]
    if day > call.today:
        raise Rule("日期在今天之后", slug="date-in-future", pointer=f"#/{name}")
