"""Visits as a sheet of the workbook 走访联络."""

from __future__ import annotations

from typing import Any

from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Figure, Row, Sheet
from hongxia.workbook.reconcile import Loading
from services.outreach.cadres.rows import CadreRows
from services.outreach.visits import rules
from services.outreach.visits.model import Visit
from services.outreach.visits.schema import VisitSchema

SHEET = Sheet(
    title_zh="走访",
    name="visits",
    key=("visit_no",),
    help_zh="一次走访一位干部填一行。一次出门走访三位，填三行。",
    help_en="One row for one call on one cadre; three cadres called on in one tour are three rows.",
    columns=(number("走访编号", "visit_no", "ZF-0001"), *columns_of(VisitSchema)),
    figures=(
        Figure(
            "outreach.milestone_visits.persons",
            "“让爱来敲门”慰问人数",
            "Distinct `干部编号` over rows with `走访类别` 让爱来敲门 and `事由` 高龄寿辰, 光荣在党50年 or 待遇变化.",
            rule_zh=(
                "`走访类别`为让爱来敲门，且`事由`为高龄寿辰、光荣在党50年或待遇变化的各行中，不重复的`干部编号`个数。"
            ),
        ),
        Figure(
            "outreach.five_visits.persons",
            "“五必访”慰问住院老同志及家属",
            "Sum of `慰问人数` over rows with `五必访` 是.",
            rule_zh=("`五必访`为是的各行`慰问人数`合计。"),
        ),
        Figure(
            "outreach.treatment_change_visits.persons",
            "上门慰问待遇变化大的市副局级老领导",
            "Distinct `干部编号` over rows with `走访形式` 家访 and `事由` 待遇变化, whatever the `走访类别`.",
            rule_zh=("`走访形式`为家访且`事由`为待遇变化的各行中，不重复的`干部编号`个数，不论`走访类别`。"),
        ),
    ),
)


class VisitRows(CadreRows):
    """Each row is a visit."""

    sheet = SHEET
    model = Visit

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Visit:
        """Record the visit."""
        cadre = self.cadre(loading, values)
        return rules.record(loading.session, record_id, values, cadre, loading.today, loading.confirmed)

    def amend(self, loading: Loading, record: Visit, changes: dict[str, Any], row: Row) -> None:
        """Amend the visit."""
        rules.amend(loading.session, record, changes, "workbook", loading.today)
