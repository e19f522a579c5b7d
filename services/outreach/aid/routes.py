"""The routes of aid cases."""

from __future__ import annotations

from hongxia import ids
from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, create, listing, read
from services.outreach.aid import rules
from services.outreach.aid.model import AidCase
from services.outreach.aid.schema import AidSchema, ApprovalIn, DeclineIn, WithdrawalIn
from services.outreach.base import LEADER, LIAISON, READERS
from services.outreach.cadres.mirror import CADRES

BOTH = (LIAISON, LEADER)


class AidRoutes:
    """Aid cases: applied for, listed, read, amended, approved, declined, withdrawn, opened again."""

    list_aid_cases = listing(
        "/aid-cases",
        "帮扶列表",
        READERS,
        AidSchema,
        AidCase,
        by="applied_on",
        equal=("cadre_id", "year"),
        narrow=CADRES.of_entity,
    )
    get_aid_case = read("/aid-cases/<id>", "帮扶", READERS, AidSchema, AidCase)

    @create("/aid-cases", "申请帮扶", BOTH, AidSchema, key=True)
    def apply_for_aid(self, call: Call) -> AidCase:
        """One aid a person and year."""
        cadre = CADRES.lock(call.session, call.body["cadre_id"])
        return rules.apply(call.session, ids.new_id(), call.body, cadre, call.today)

    @amend("/aid-cases/<id>", "修改帮扶", LEADER, AidSchema, AidCase, first=CADRES.lock_of)
    def amend_aid_case(self, call: Call, case: AidCase, reason: str) -> AidCase:
        """What the state of the case allows: everything that finance has not answered yet."""
        return rules.amend(call.session, case, call.body, reason, call.today)

    @act("/aid-cases/<id>/approve", "批准帮扶", LEADER, AidSchema, AidCase, body=ApprovalIn, first=CADRES.lock_of)
    def approve_aid(self, call: Call, case: AidCase) -> AidCase:
        """Finance pays or refuses it then."""
        return rules.approve(call.session, case, call.body, call.today)

    @act("/aid-cases/<id>/decline", "不予批准帮扶", LEADER, AidSchema, AidCase, body=DeclineIn, first=CADRES.lock_of)
    def decline_aid(self, call: Call, case: AidCase) -> AidCase:
        """It is not granted."""
        return rules.decline(call.session, case, call.body["reviewed_on"], call.today)

    @act("/aid-cases/<id>/withdraw", "撤回帮扶", LEADER, AidSchema, AidCase, body=WithdrawalIn, first=CADRES.lock_of)
    def withdraw_aid(self, call: Call, case: AidCase) -> AidCase:
        """It is not to be paid."""
        return rules.withdraw(call.session, case, call.body["reason"], call.today)

    @act("/aid-cases/<id>/reopen", "重新办理帮扶", LEADER, AidSchema, AidCase, first=CADRES.lock_of)
    def reopen_aid(self, call: Call, case: AidCase) -> AidCase:
        """What was declined or withdrawn is to be decided anew."""
        return rules.reopen(call.session, case, call.today)
