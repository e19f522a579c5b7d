"""Checks as a sheet of the workbook 活动学习."""

from __future__ import annotations

from dataclasses import replace

from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Figure, Sheet
from services.activities.checks.model import Check
from services.activities.checks.rules import CHECK
from services.activities.checks.schema import CheckSchema
from services.activities.presence.rows import PresenceRows

_BATCH_NO = replace(
    number("批次编号", "batch_no", "TJ-01", "须在本工作簿的对应表中。"),
    help_en="The number.",
    refers_to="health_checks",
)

SHEET = Sheet(
    title_zh="体检人员",
    name="health_check_persons",
    key=("batch_no", "cadre_id"),
    help_zh="一位干部参加一批填一行。批次日期不晚于干部的去世日期。",
    help_en="One row for one cadre in one batch, whose date is not after the cadre's death.",
    columns=(_BATCH_NO, *columns_of(CheckSchema)),
    figures=(
        Figure(
            "activities.healthcheck.persons",
            "健康体检人数",
            "Distinct `干部编号` over all rows: whoever was checked in two batches counts once.",
            rule_zh=("全部行中不重复的`干部编号`个数：在两个批次体检的计一人。"),
        ),
    ),
)


class CheckRows(PresenceRows):
    """Each row is a check."""

    sheet = SHEET
    model = Check
    kind = CHECK
    number = "batch_no"
