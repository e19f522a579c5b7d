"""The registry's events. Each carries the cadre's whole coarse state, so the newest one is all that is needed."""

from __future__ import annotations

from marshmallow import fields, validate

from hongxia.events.declare import EventData, EventType
from services.registry.workbook import LEVELS, RETIREMENT_CATEGORIES

_LEVEL = validate.OneOf(tuple(LEVELS.values()))


def _told(description: str) -> dict[str, str]:
    return {"description": description}


class CadreData(EventData):
    """What others may know of a cadre: nothing that names the person."""

    retirement_category = fields.String(
        required=True,
        validate=validate.OneOf(tuple(RETIREMENT_CATEGORIES.values())),
        metadata=_told("GB/T 14946.1: 1 离休, 2 退休"),
    )
    rank = fields.String(required=True, validate=_LEVEL, metadata=_told("rank at retirement, GB/T 12407"))
    treatment = fields.String(required=True, validate=_LEVEL, metadata=_told("treatment enjoyed, GB/T 12407"))
    unit = fields.String(required=True, metadata=_told("employing unit"))
    street = fields.String(required=True, metadata=_told("street (sub-district) of residence"))
    age_band = fields.String(required=True, metadata=_told("age at registration, by decades: 70-79; 100+"))
    advanced_age = fields.Boolean(required=True, metadata=_told("in the double-high period (双高期)"))
    hardship = fields.Boolean(required=True, metadata=_told("in special hardship (特殊困难)"))
    living_alone = fields.Boolean(required=True, metadata=_told("lives alone (独居)"))
    resettled = fields.Boolean(required=True, metadata=_told("officially resettled elsewhere (易地安置)"))
    liaison = fields.String(required=True, allow_none=True, metadata=_told("the liaison's code or post"))
    registered_on = fields.Date(required=True, metadata=_told("since when the bureau serves the cadre"))
    deceased_on = fields.Date(required=True, allow_none=True, metadata=_told("null while living"))


class MergedData(CadreData):
    """The last state of the record that disappears, and the one that takes its place."""

    into = fields.UUID(required=True, metadata=_told("the cadre id that stands for the person from now on"))


CADRE_REGISTERED = EventType(
    "registry.cadre.registered",
    1,
    CadreData,
    "干部已登记",
    "A cadre is served by the bureau from this date on.",
)
CADRE_AMENDED = EventType(
    "registry.cadre.amended",
    1,
    CadreData,
    "干部信息已更正",
    "Details of a cadre's record were changed or corrected, a date of death or an entry of the history included.",
)
TREATMENT_CHANGED = EventType(
    "registry.cadre.treatment-changed",
    1,
    CadreData,
    "享受待遇已变动",
    "The treatment that a cadre enjoys changed on this date.",
)
LIAISON_ASSIGNED = EventType(
    "registry.cadre.liaison-assigned",
    1,
    CadreData,
    "联络员已指定",
    "From this date on another liaison, or none, keeps in touch with the cadre.",
)
CARE_CHANGED = EventType(
    "registry.cadre.care-changed",
    1,
    CadreData,
    "关怀情况已变动",
    "What needs care changed on this date: double-high period, hardship, living alone, resettled.",
)
CADRE_DECEASED = EventType(
    "registry.cadre.deceased",
    1,
    CadreData,
    "干部已去世",
    "The cadre died on this date.",
)
CADRE_MERGED = EventType(
    "registry.cadre.merged",
    1,
    MergedData,
    "重复记录已合并",
    "The subject was a second record of a person and disappears; `into` stands for it.",
)

EVENTS = (
    CADRE_REGISTERED,
    CADRE_AMENDED,
    TREATMENT_CHANGED,
    LIAISON_ASSIGNED,
    CARE_CHANGED,
    CADRE_DECEASED,
    CADRE_MERGED,
)
