"""The routes of visits."""

from __future__ import annotations

from hongxia import ids
from hongxia.http.endpoint import Call
from hongxia.rules import ENTERED_TWICE
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.outreach.base import LIAISON, READERS
from services.outreach.cadres.mirror import CADRES
from services.outreach.visits import rules
from services.outreach.visits.model import Visit
from services.outreach.visits.schema import VisitSchema


class VisitRoutes:
    """Visits: recorded, listed, read, amended, voided."""

    equal = ("cadre_id", "form", "category", "occasion")
    list_visits = listing(
        "/visits", "走访列表", READERS, VisitSchema, Visit, by="visited_on", equal=equal, narrow=CADRES.of_entity
    )
    get_visit = read("/visits/<id>", "走访", READERS, VisitSchema, Visit)

    @create("/visits", "登记走访", LIAISON, VisitSchema, key=True, asks=(ENTERED_TWICE,))
    def record_visit(self, call: Call) -> Visit:
        """A call on one cadre."""
        cadre = CADRES.lock(call.session, call.body["cadre_id"])
        return rules.record(call.session, ids.new_id(), call.body, cadre, call.today, call.confirmed)

    @amend("/visits/<id>", "修改走访", LIAISON, VisitSchema, Visit, first=CADRES.lock_of)
    def amend_visit(self, call: Call, visit: Visit, reason: str) -> Visit:
        """Anything that was recorded of it."""
        return rules.amend(call.session, visit, call.body, reason, call.today)

    @act("/visits/<id>/void", "作废走访", LIAISON, VisitSchema, Visit, body=VoidIn, first=CADRES.lock_of)
    def void_visit(self, call: Call, visit: Visit) -> Visit:
        """It does not count any more."""
        return rules.void(call.session, visit, call.body["reason"], call.today)
