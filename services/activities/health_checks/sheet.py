"""Health-check batches as a sheet of the workbook 活动学习."""

from __future__ import annotations

from typing import Any

from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Figure, Row, Sheet
from hongxia.workbook.reconcile import Loading
from services.activities.health_checks import rules
from services.activities.health_checks.model import HealthCheck
from services.activities.health_checks.schema import HealthCheckSchema
from services.activities.rows import ActivityRows

SHEET = Sheet(
    title_zh="体检批次",
    name="health_checks",
    key=("batch_no",),
    help_zh="实际进行的健康体检，一批一行。",
    help_en="Health-check batches that took place, one row each.",
    columns=(number("批次编号", "batch_no", "TJ-01"), *columns_of(HealthCheckSchema)),
    figures=(Figure("activities.healthcheck.batches", "健康体检批次", "Number of rows.", rule_zh=("行数。")),),
)


class HealthCheckRows(ActivityRows):
    """Each row is a batch."""

    sheet = SHEET
    model = HealthCheck

    def make(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> HealthCheck:
        """Record the batch."""
        values["batch_no"] = row.values["batch_no"]
        return rules.record(loading.session, record_id, values, loading.today, loading.confirmed)

    def amend(self, loading: Loading, record: HealthCheck, changes: dict[str, Any], row: Row) -> None:
        """Amend the batch."""
        rules.amend(loading.session, record, changes, "workbook", loading.today)
