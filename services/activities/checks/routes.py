"""The routes of checks."""

from __future__ import annotations

from marshmallow import Schema

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from hongxia.schema.fields import CadreRef, Day
from services.activities.cadres.mirror import CADRES
from services.activities.checks.model import Check
from services.activities.checks.rules import CHECK
from services.activities.checks.schema import CheckSchema
from services.activities.health_checks.model import HealthCheck
from services.activities.presence import rules
from services.activities.roles import READERS, WRITERS


class CheckIn(Schema):
    """A cadre checked in a batch; without `checked_on` on the batch's day."""

    cadre_id = CadreRef()
    checked_on = Day(label="体检日期", required=False)


class CheckRoutes:
    """Checks: recorded, listed, read, amended, voided."""

    list_checks = listing(
        "/checks",
        "体检人员列表",
        READERS,
        CheckSchema,
        Check,
        by="checked_on",
        equal=("batch_id", "cadre_id"),
        narrow=CADRES.of_entity,
    )
    get_check = read("/checks/<id>", "体检人员", READERS, CheckSchema, Check)

    @create("/health-checks/<uuid:batch_id>/checks", "登记体检人员", WRITERS, CheckSchema, body=CheckIn)
    def record_check(self, call: Call, batch_id: str) -> Check:
        """A cadre was checked in a batch."""
        CADRES.lock(call.session, call.body["cadre_id"])
        batch = records.lock(call.session, HealthCheck, batch_id)
        entry: Check = rules.record_all(call.session, CHECK, batch, [call.body], call.today)[0]
        return entry

    @amend("/checks/<id>", "修改体检人员", WRITERS, CheckSchema, Check, first=rules.lock_before(CHECK))
    def amend_check(self, call: Call, entry: Check, reason: str) -> Check:
        """Another date."""
        amended: Check = rules.amend(call.session, CHECK, entry, call.body, reason, call.today)
        return amended

    @act("/checks/<id>/void", "作废体检人员", WRITERS, CheckSchema, Check, body=VoidIn, first=rules.lock_before(CHECK))
    def void_check(self, call: Call, entry: Check) -> Check:
        """It does not count any more."""
        voided: Check = rules.void(call.session, CHECK, entry, call.body["reason"])
        return voided
