"""The routes of transfers; those of a merged record are done for the surviving one."""

from __future__ import annotations

from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, listing, read
from hongxia.schema.derive import VoidIn
from services.registry.base import READERS, RECORDS
from services.registry.cadres.find import lock_standing, must_stand, standing
from services.registry.cadres.model import Cadre
from services.registry.transfers import rules
from services.registry.transfers.model import Transfer
from services.registry.transfers.schema import LeaveIn, ReturnIn, TransferSchema


class TransferRoutes:
    """Transfers: out, back in, listed, corrected, voided."""

    list_transfers = listing(
        "/transfers", "调转列表", READERS, TransferSchema, Transfer, by="left_on", equal=("cadre_id",)
    )
    get_transfer = read("/transfers/<id>", "调转", READERS, TransferSchema, Transfer)

    @act(
        "/cadres/<id>/leave", "登记转出", RECORDS, TransferSchema, Cadre, body=LeaveIn, first=lock_standing, status=201
    )
    def leave(self, call: Call, cadre: Cadre) -> Transfer:
        """Another bureau serves the cadre."""
        return rules.leave(call.session, standing(call.session, cadre), call.body, call.today)

    @act("/cadres/<id>/return", "登记转回", RECORDS, TransferSchema, Cadre, body=ReturnIn, first=lock_standing)
    def come_back(self, call: Call, cadre: Cadre) -> Transfer:
        """This bureau serves the cadre again."""
        cadre = standing(call.session, cadre)
        transfer = rules.away(call.session, cadre)
        return rules.come_back(call.session, cadre, transfer, call.body["returned_on"], call.today)

    @amend("/transfers/<id>", "更正调转", RECORDS, TransferSchema, Transfer, first=lock_standing)
    def amend_transfer(self, call: Call, transfer: Transfer, reason: str) -> Transfer:
        """Dates or destination."""
        return rules.amend(call.session, _cadre_of(call, transfer), transfer, call.body, reason, call.today)

    @act("/transfers/<id>/void", "作废调转", RECORDS, TransferSchema, Transfer, body=VoidIn, first=lock_standing)
    def void_transfer(self, call: Call, transfer: Transfer) -> Transfer:
        """It did not happen."""
        return rules.void(call.session, _cadre_of(call, transfer), transfer, call.body["reason"], call.today)


def _cadre_of(call: Call, transfer: Transfer) -> Cadre:
    cadre = call.session.get_one(Cadre, transfer.cadre_id)
    must_stand(call.session, cadre)
    return cadre
