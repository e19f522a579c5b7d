"""The routes of health-check batches."""

from __future__ import annotations

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.rules import ENTERED_TWICE
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.activities.checks.rules import CHECK
from services.activities.health_checks import rules
from services.activities.health_checks.model import HealthCheck
from services.activities.health_checks.schema import HealthCheckSchema
from services.activities.presence.rules import lock_cadres_of
from services.activities.roles import READERS, WRITERS


class HealthCheckRoutes:
    """Batches: recorded, listed, read, amended, voided."""

    list_health_checks = listing(
        "/health-checks", "体检批次列表", READERS, HealthCheckSchema, HealthCheck, by="held_on"
    )
    get_health_check = read("/health-checks/<id>", "体检批次", READERS, HealthCheckSchema, HealthCheck)

    @create(
        "/health-checks",
        "登记体检批次",
        WRITERS,
        HealthCheckSchema,
        key=True,
        number="batch_no",
        asks=(ENTERED_TWICE,),
    )
    def record_health_check(self, call: Call) -> HealthCheck:
        """A batch that took place."""
        number, year = call.body["batch_no"], call.body["held_on"].year
        batch_id = records.numbered_id(call.session, HealthCheck, year, number, "batch_no")
        return rules.record(call.session, batch_id, call.body, call.today, call.confirmed)

    @amend("/health-checks/<id>", "修改体检批次", WRITERS, HealthCheckSchema, HealthCheck, first=lock_cadres_of(CHECK))
    def amend_health_check(self, call: Call, batch: HealthCheck, reason: str) -> HealthCheck:
        """Anything that was recorded of it; its checks follow its date."""
        return rules.amend(call.session, batch, call.body, reason, call.today)

    @act(
        "/health-checks/<id>/void",
        "作废体检批次",
        WRITERS,
        HealthCheckSchema,
        HealthCheck,
        body=VoidIn,
        first=lock_cadres_of(CHECK),
    )
    def void_health_check(self, call: Call, batch: HealthCheck) -> HealthCheck:
        """It does not count any more; its checks are voided with it."""
        return rules.void(call.session, batch, call.body["reason"])
