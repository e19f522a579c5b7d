"""The routes of changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hongxia.http.endpoint import Call
from hongxia.runtime.http import route
from hongxia.runtime.routes import act, amend, listing, read
from hongxia.schema.derive import VoidIn
from services.registry.base import READERS, RECORDS
from services.registry.cadres.find import lock_standing, must_stand, standing
from services.registry.cadres.model import Cadre
from services.registry.cadres.routes import one_shown
from services.registry.cadres.schema import CadreSchema
from services.registry.changes import handover, rules
from services.registry.changes.model import Change
from services.registry.changes.rules import New
from services.registry.changes.schema import CadreChangeSchema, CareIn, ReassignedOut, ReassignIn, change_of


def _change(aspect: str, word: str, summary: str, *, documented: bool = False) -> Any:
    """Return the route of a change of one aspect; of a merged record it is done for the surviving one."""
    body = change_of(aspect, documented=documented)

    @act(f"/cadres/<id>/{word}", summary, RECORDS, CadreSchema, Cadre, body=body, first=lock_standing, shown=one_shown)
    def change(self: Any, call: Call, cadre: Cadre) -> SimpleNamespace:
        """From a date on."""
        new = New(aspect, call.body[aspect], call.body["on"], call.body["document_no"])
        return one_shown(call, rules.record(call.session, standing(call.session, cadre), new, call.today))

    return change


class ChangeRoutes:
    """Changes: recorded aspect by aspect, listed, corrected, withdrawn; a liaison's cadres handed over."""

    equal = ("cadre_id", "aspect")
    list_changes = listing("/changes", "变动记录列表", READERS, CadreChangeSchema, Change, by="from_on", equal=equal)
    get_change = read("/changes/<id>", "变动记录", READERS, CadreChangeSchema, Change)

    change_rank = _change("rank", "rank", "变动职级", documented=True)
    change_treatment = _change("treatment", "treatment", "变动享受待遇", documented=True)
    change_medical_treatment = _change("medical_treatment", "medical-treatment", "变动医疗待遇", documented=True)
    change_reimbursement = _change("reimbursement", "reimbursement", "变动医疗费报销标准", documented=True)
    assign_liaison = _change("liaison", "liaison", "指定联络员")
    change_unit = _change("unit", "unit", "变动原单位")
    move = _change("street", "street", "变动居住街道")

    @act(
        "/cadres/<id>/care",
        "变动关怀情况",
        RECORDS,
        CadreSchema,
        Cadre,
        body=CareIn,
        first=lock_standing,
        shown=one_shown,
    )
    def change_care(self, call: Call, cadre: Cadre) -> SimpleNamespace:
        """Other flags from a date on."""
        flags, on = dict(call.body), call.body["on"]
        del flags["on"]
        return one_shown(call, rules.record_care(call.session, standing(call.session, cadre), flags, on, call.today))

    @amend("/changes/<id>", "更正变动记录", RECORDS, CadreChangeSchema, Change, first=lock_standing)
    def amend_change(self, call: Call, change: Change, reason: str) -> Change:
        """Date, value or document."""
        return rules.amend(call.session, _cadre_of(call, change), change, call.body, reason, call.today)

    @act("/changes/<id>/void", "撤销变动记录", RECORDS, CadreChangeSchema, Change, body=VoidIn, first=lock_standing)
    def void_change(self, call: Call, change: Change) -> Change:
        """What held before holds again."""
        return rules.void(call.session, _cadre_of(call, change), change, call.body["reason"], call.today)

    @route(
        "POST",
        "/liaisons/reassign",
        summary="联络员整体交接",
        roles=(RECORDS,),
        body=ReassignIn,
        returns=ReassignedOut,
        keeps=("moved",),
    )
    def reassign(self, call: Call) -> dict[str, int]:
        """All cadres of one liaison go to another."""
        return {"moved": handover.reassign(call.session, **call.body, today=call.today)}


def _cadre_of(call: Call, change: Change) -> Cadre:
    cadre = call.session.get_one(Cadre, change.cadre_id)
    must_stand(call.session, cadre)
    return cadre
