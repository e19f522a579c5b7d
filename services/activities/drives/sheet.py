"""Vaccination drives as a sheet of the workbook 活动学习."""

from __future__ import annotations

from datetime import date
from typing import Any

from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Figure, Row, Sheet
from hongxia.workbook.reconcile import Loading
from services.activities.drives import rules
from services.activities.drives.model import Drive
from services.activities.drives.schema import DriveSchema
from services.activities.rows import ActivityRows

SHEET = Sheet(
    title_zh="接种专场",
    name="vaccination_drives",
    key=("drive_no",),
    help_zh="组织的接种专场，一次一行；一次专场可有多天。",
    help_en="Vaccination drives, one row each; a drive may last several days.",
    columns=(number("专场编号", "drive_no", "JZ-1"), *columns_of(DriveSchema)),
    figures=(Figure("activities.vaccination.drives", "新冠疫苗接种专场", "Number of rows.", rule_zh=("行数。")),),
)


def unknown_first_day(year: int) -> date:
    """Return the first day of a drive of which no roster is known: only the year is."""
    return date(year, 1, 1)


def _first_days(loading: Loading) -> dict[str, date]:
    """Return the first day of each drive, by its number, as the rosters in the same file have it."""
    known: dict[str, date] | None = loading.shared.get("first days")
    if known is None:
        known = loading.shared["first days"] = {}
        for row in loading.rows["vaccination_rosters"]:
            number, day = str(row.values["drive_no"]), row.values["on"]
            assert isinstance(day, date)
            known[number] = min(known.get(number, day), day)
    return known


class DriveRows(ActivityRows):
    """Each row is a drive. It begins on the first day of its rosters (see RosterRows)."""

    sheet = SHEET
    model = Drive

    def make(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Drive:
        """Record the drive."""
        first = _first_days(loading).get(str(row.values["drive_no"]), unknown_first_day(loading.year))
        values |= {"drive_no": row.values["drive_no"], "starts_on": first}
        return rules.record(loading.session, record_id, values, loading.today, loading.confirmed)

    def amend(self, loading: Loading, record: Drive, changes: dict[str, Any], row: Row) -> None:
        """Amend the drive."""
        rules.amend(loading.session, record, changes, "workbook", loading.today)
