"""The routes of stays in hospital."""

from __future__ import annotations

from hongxia import ids
from hongxia.http.endpoint import Call
from hongxia.rules import ENTERED_TWICE
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.outreach.base import LIAISON, READERS
from services.outreach.cadres.mirror import CADRES
from services.outreach.stays import rules
from services.outreach.stays.model import Stay
from services.outreach.stays.rules import OVERLAPS
from services.outreach.stays.schema import StayEndIn, StaySchema


class StayRoutes:
    """Stays: reported, listed, read, amended, ended, voided."""

    list_stays = listing(
        "/stays", "住院列表", READERS, StaySchema, Stay, by="admitted_on", equal=("cadre_id",), narrow=CADRES.of_entity
    )
    get_stay = read("/stays/<id>", "住院", READERS, StaySchema, Stay)

    @create("/stays", "报告住院", LIAISON, StaySchema, key=True, asks=(ENTERED_TWICE, OVERLAPS))
    def report_stay(self, call: Call) -> Stay:
        """It raises visits that must be paid."""
        cadre = CADRES.lock(call.session, call.body["cadre_id"])
        return rules.report(call.session, ids.new_id(), call.body, cadre, call.today, call.confirmed)

    @amend("/stays/<id>", "修改住院", LIAISON, StaySchema, Stay, first=CADRES.lock_of, asks=(ENTERED_TWICE, OVERLAPS))
    def amend_stay(self, call: Call, stay: Stay, reason: str) -> Stay:
        """Anything that was reported of it; an empty day of discharge lets it last on."""
        return rules.amend(call.session, stay, call.body, reason, call.today, call.confirmed)

    @act("/stays/<id>/end", "登记出院", LIAISON, StaySchema, Stay, body=StayEndIn, first=CADRES.lock_of)
    def end_stay(self, call: Call, stay: Stay) -> Stay:
        """The cadre left the hospital."""
        return rules.end(call.session, stay, call.body["discharged_on"], call.today)

    @act("/stays/<id>/void", "作废住院报告", LIAISON, StaySchema, Stay, body=VoidIn, first=CADRES.lock_of)
    def void_stay(self, call: Call, stay: Stay) -> Stay:
        """What it raised is cancelled."""
        return rules.void(call.session, stay, call.body["reason"], call.today)
