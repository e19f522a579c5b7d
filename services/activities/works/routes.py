"""The routes of works."""

from __future__ import annotations

from marshmallow import Schema

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.rules import ENTERED_TWICE
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.fields import Code
from services.activities.cadres.mirror import CADRES
from services.activities.roles import READERS, WRITERS
from services.activities.works import rules
from services.activities.works.model import Work
from services.activities.works.rules import BY_FAMILY
from services.activities.works.schema import WITHDRAW_REASONS, WorkSchema


class WithdrawIn(Schema):
    """Why a work is withdrawn; its answer says so in `void_reason`."""

    reason = Code(WITHDRAW_REASONS, label="原因")


class WorkRoutes:
    """Works: recorded, listed, read, amended, withdrawn."""

    list_works = listing(
        "/works",
        "作品列表",
        READERS,
        WorkSchema,
        Work,
        by="collected_on",
        equal=("genre", "call", "cadre_id"),
        narrow=CADRES.of_entity,
    )
    get_work = read("/works/<id>", "作品", READERS, WorkSchema, Work)

    @create("/works", "登记作品", WRITERS, WorkSchema, key=True, number="work_no", asks=(ENTERED_TWICE, BY_FAMILY))
    def record_work(self, call: Call) -> Work:
        """A work was received."""
        author, number, year = call.body["cadre_id"], call.body["work_no"], call.body["collected_on"].year
        cadre = CADRES.lock(call.session, author) if author is not None else None
        work_id = records.numbered_id(call.session, Work, year, number, "work_no")
        return rules.record(call.session, work_id, call.body, cadre, call.today, call.confirmed)

    @amend("/works/<id>", "修改作品", WRITERS, WorkSchema, Work, asks=(BY_FAMILY,), first=CADRES.lock_of)
    def amend_work(self, call: Call, work: Work, reason: str) -> Work:
        """Anything that was recorded of it."""
        return rules.amend(call.session, work, call.body, reason, call.today, call.confirmed)

    @act("/works/<id>/withdraw", "撤回作品", WRITERS, WorkSchema, Work, body=WithdrawIn, first=CADRES.lock_of)
    def withdraw_work(self, call: Call, work: Work) -> Work:
        """It does not count any more."""
        return rules.withdraw(call.session, work, call.body["reason"])
