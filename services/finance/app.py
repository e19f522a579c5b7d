"""Finance: the year's budget by line, expenditure, and the payment of aid. An assembly of its rooms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongxia.definition import Definition
from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event
from hongxia.runtime.consume import consume
from hongxia.runtime.service import Service
from services.finance.adjustments import events as adjustment_events
from services.finance.adjustments.routes import AdjustmentRoutes
from services.finance.adjustments.schema import LIFECYCLE as ADJUSTMENT
from services.finance.aid import events as aid_events
from services.finance.aid.routes import AidPaymentRoutes
from services.finance.aid.rules import forget, on_approved, on_withdrawn
from services.finance.aid.schema import LIFECYCLE as AID_PAYMENT
from services.finance.base import Base
from services.finance.contradictions.model import CONTRADICTIONS, Contradiction
from services.finance.contradictions.routes import ContradictionRoutes
from services.finance.expenditures import events as expenditure_events
from services.finance.expenditures.routes import ExpenditureRoutes
from services.finance.expenditures.schema import LIFECYCLE as EXPENDITURE
from services.finance.lines import events as line_events
from services.finance.lines.routes import BudgetLineRoutes
from services.finance.lines.schema import LIFECYCLE as BUDGET_LINE
from services.finance.workbook import IMPORTABLE

OUTREACH_AID = {
    "hongxia.outreach.aid.approved.v1": on_approved,
    "hongxia.outreach.aid.withdrawn.v1": on_withdrawn,
    **{
        f"hongxia.outreach.aid.{what}.v1": None
        for what in ("applied", "amended", "declined", "settled", "returned", "reversed")
    },
}


class FinanceService(
    BudgetLineRoutes, AdjustmentRoutes, ExpenditureRoutes, AidPaymentRoutes, ContradictionRoutes, Service
):
    """预算、支出、帮扶拨付."""

    name = "finance"
    definition = Definition(
        title="财务",
        metadata=Base.metadata,
        migrations="services.finance:migrations",
        events=(
            *line_events.EVENTS,
            *adjustment_events.EVENTS,
            *expenditure_events.EVENTS,
            *aid_events.EVENTS,
            *CONTRADICTIONS.events,
        ),
        lifecycles=(BUDGET_LINE, ADJUSTMENT, EXPENDITURE, AID_PAYMENT, Contradiction.lifecycle),
        workbooks=(IMPORTABLE,),
        clear=forget,
    )

    @consume("outreach")
    def from_outreach(self, session: Session, events: Sequence[Event]) -> None:
        """Approved aid is paid, refused, or waits; withdrawn aid is not paid any more."""
        dispatch(session, events, OUTREACH_AID)
