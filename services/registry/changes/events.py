"""The events of changes; each holds the cadre's whole state."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import data_of
from services.registry.cadres.schema import CadreSchema

_DATA = data_of(CadreSchema)


def _event(what: str, title: str, description: str) -> EventType:
    return EventType(f"registry.cadre.{what}", 1, _DATA, title, description)


RANK_CHANGED = _event("rank-changed", "职级已变动", "The cadre's rank changed on this date.")
TREATMENT_CHANGED = _event(
    "treatment-changed", "享受待遇已变动", "The treatment that a cadre enjoys changed on this date."
)
MEDICAL_CHANGED = _event(
    "medical-changed",
    "医疗待遇已变动",
    "The level of medical treatment, or how medical costs are reimbursed, changed on this date.",
)
LIAISON_ASSIGNED = _event(
    "liaison-assigned", "联络员已指定", "From this date on another liaison, or none, keeps in touch with the cadre."
)
CARE_CHANGED = _event(
    "care-changed",
    "关怀情况已变动",
    "What needs care changed on this date: double-high period, hardship, living alone, resettled.",
)
UNIT_CHANGED = _event("unit-changed", "原单位已变动", "Another unit is responsible for the cadre from this date on.")
MOVED = _event("moved", "居住街道已变动", "The cadre lives in another street (sub-district) from this date on.")

BY_ASPECT = {
    "rank": RANK_CHANGED,
    "treatment": TREATMENT_CHANGED,
    "medical_treatment": MEDICAL_CHANGED,
    "reimbursement": MEDICAL_CHANGED,
    "liaison": LIAISON_ASSIGNED,
    "care": CARE_CHANGED,
    "unit": UNIT_CHANGED,
    "street": MOVED,
}
"""Which event says that an aspect changed."""

EVENTS = tuple(dict.fromkeys(BY_ASPECT.values()))
