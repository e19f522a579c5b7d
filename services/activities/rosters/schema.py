"""What is recorded of a roster."""

from __future__ import annotations

from hongxia.codes import VOID_REASONS, Codes
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Count, Day, Id, Text
from services.activities.presence.model import lifecycle_of

LIFECYCLE = lifecycle_of("roster", "接种名册")

DRIVE_VOIDED = "drive-voided"

REASONS = Codes({**VOID_REASONS, DRIVE_VOIDED: "接种专场已作废"})

MOST = 100_000


class RosterSchema(RecordSchema):
    """One unit on one day of a drive: persons who came, and those of them who were vaccinated on site. They are retired
    staff of the district's organs and need not be in the register. Drive, day and unit are what a roster is known by.
    """

    lifecycle = LIFECYCLE

    drive_id = Id(label="接种专场", help_en="the drive", published=True, dump_only=True)
    on = Day(
        label="日期",
        help="本年度内，不晚于今天。",
        help_en="The date.",
        example="2022-04-12",
        published=True,
        amendable=False,
        within_year=True,
        not_future=True,
    )
    unit = Text(
        longest=9,
        label="单位",
        help="单位名单中的代码（GET /units）。",
        help_en="the unit's code in activities' list of units",
        published=True,
        amendable=False,
        column=False,
    )
    unit_label = Text(label="单位名称", dump_only=True)
    attended = Count(
        0, MOST, label="到场人数", help="到场人数。", help_en="People who came.", example="12", published=True
    )
    vaccinated = Count(
        0,
        MOST,
        label="接种人数",
        help="现场接种人数，不多于到场人数。",
        help_en="People vaccinated on site, not more than came.",
        example="6",
        published=True,
    )
