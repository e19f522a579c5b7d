"""Rosters as a sheet of the workbook 活动学习."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from hongxia import ids, records
from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Column, Figure, Finding, Kind, Row, Sheet
from hongxia.workbook.reconcile import Loading
from services.activities.drives import rules as drive_rules
from services.activities.drives.model import Drive
from services.activities.drives.sheet import unknown_first_day
from services.activities.rosters import rules
from services.activities.rosters.model import Roster
from services.activities.rosters.schema import RosterSchema
from services.activities.rows import ActivityRows
from services.activities.units.rows import codes_of

_DRIVE_NO = replace(
    number("专场编号", "drive_no", "JZ-1", "须在本工作簿的对应表中。"),
    help_en="The number.",
    refers_to="vaccination_drives",
)

_UNIT = Column(
    "单位名称",
    "unit",
    Kind.TEXT,
    "单位全称，前后写法要一致。单位名单中没有的，确认后加入名单。",
    "The unit in full, always spelt alike. One that the list of units lacks is added once somebody has confirmed it.",
    example="区教育局",
)

SHEET = Sheet(
    title_zh="接种名册",
    name="vaccination_rosters",
    key=("drive_no", "on", "unit"),
    help_zh="一个单位在一次专场的一天填一行，只填人数。参加人员不必在干部名册中。",
    help_en="One row for one unit on one day of a drive, in numbers; the people need not be in the register.",
    columns=(
        _DRIVE_NO,
        *columns_of(RosterSchema, but=("attended", "vaccinated")),
        _UNIT,
        *columns_of(RosterSchema, but=("on",)),
    ),
    figures=(
        Figure(
            "activities.vaccination.days",
            "接种专场天数",
            "Distinct pairs of `专场编号` and `日期`: a day on which two drives run counts twice.",
            rule_zh=("不重复的`专场编号`与`日期`组合个数：同一天有两个专场的计两天。"),
        ),
        Figure(
            "activities.vaccination.units",
            "参加接种专场单位",
            "Distinct `单位名称` over all rows.",
            rule_zh=("全部行中不重复的`单位名称`个数。"),
        ),
        Figure(
            "activities.vaccination.attended", "参加接种专场人数", "Sum of `到场人数`.", rule_zh=("`到场人数`合计。")
        ),
        Figure("activities.vaccination.vaccinated", "现场接种人数", "Sum of `接种人数`.", rule_zh=("`接种人数`合计。")),
    ),
)


def vaccinated_are_among_those_attending(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    """Find rosters with more persons vaccinated than came."""
    for row in sheets["vaccination_rosters"]:
        attended, vaccinated = row.values["attended"], row.values["vaccinated"]
        if isinstance(attended, int) and isinstance(vaccinated, int) and vaccinated > attended:
            message = f"接种人数 {vaccinated} 多于到场人数 {attended}"
            yield Finding("vaccination_rosters", row.number, "vaccinated", message)


class RosterRows(ActivityRows):
    """Each row is a roster. A drive begins on the first day of its rosters: a file that brings an earlier one moves it
    there, and one whose first day was not known begins on the first that comes.
    """

    sheet = SHEET
    model = Roster
    remedy = "请在系统中重新登记后再导入，或从表中删去这一行"

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Read the drives, take the units into the list, and move the drives to their first days."""
        drive_ids = {_drive_id(loading, row) for row in rows}
        drives = records.by_ids(loading.session, Drive, drive_ids)  # locked by their own sheet
        codes = codes_of(loading, (str(row.values["unit"]) for row in rows))
        loading.session.flush()
        loading.shared[self.sheet.name] = drives, codes
        for drive_id, first in self._first_days(loading, rows).items():
            drive = drives.get(drive_id)
            if drive is not None and drive.state == "held" and _begins_on(loading, drive, first):
                drive_rules.amend(loading.session, drive, {"starts_on": first}, "followed", loading.today)

    def record_id(self, loading: Loading, row: Row) -> str:
        """Return the id of the roster of drive, day and unit."""
        _, codes = loading.shared[self.sheet.name]
        day: Any = row.values["on"]
        return rules.id_of(_drive_id(loading, row), day, codes[str(row.values["unit"])])

    def make(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Roster | None:
        """Record the roster. A row whose drive could not be recorded is left out: the drive's row says why."""
        drives, codes = loading.shared[self.sheet.name]
        drive = drives.get(_drive_id(loading, row))
        if drive is None:
            return None
        values |= {"on": row.values["on"], "unit": codes[str(row.values["unit"])]}
        return rules.record(loading.session, drive, values, loading.today)

    def amend(self, loading: Loading, record: Roster, changes: dict[str, Any], row: Row) -> None:
        """Amend the roster."""
        rules.amend(loading.session, record, changes, "workbook")

    def _first_days(self, loading: Loading, rows: Sequence[Row]) -> dict[str, date]:
        """Return the first day of each drive's rows that bring a new roster."""
        id_of = {row.number: self.record_id(loading, row) for row in rows}
        there = records.by_ids(loading.session, Roster, id_of.values())
        first: dict[str, date] = {}
        for row in rows:
            day: Any = row.values["on"]
            if id_of[row.number] not in there and day <= loading.today:
                drive_id = _drive_id(loading, row)
                first[drive_id] = min(first.get(drive_id, day), day)
        return first


def _begins_on(loading: Loading, drive: Drive, first: date) -> bool:
    if first < drive.starts_on:
        return True
    not_known = drive.starts_on == unknown_first_day(loading.year)
    return not_known and first > drive.starts_on and drive_rules.first_day_of_rosters(loading.session, drive) is None


def _drive_id(loading: Loading, row: Row) -> str:
    return ids.entity_id("drive", loading.year, str(row.values["drive_no"]))
