"""The events of deaths; a corrected date is an amendment of the cadre's record."""

from __future__ import annotations

from hongxia.codes import VOID_REASONS
from hongxia.events.declare import EventType
from hongxia.schema.derive import data_of, event_data
from hongxia.schema.fields import Code
from services.registry.cadres.schema import CadreSchema

CADRE_DECEASED = EventType(
    "registry.cadre.deceased", 1, data_of(CadreSchema), "干部已去世", "The cadre died on this date."
)
DEATH_WITHDRAWN = EventType(
    "registry.cadre.death-withdrawn",
    1,
    event_data(
        "DeathWithdrawnData",
        "The state of a cadre who lives after all, and why the death was withdrawn.",
        CadreSchema,
        reason=Code(VOID_REASONS, help_en="why the death was withdrawn"),
    ),
    "去世登记已撤销",
    "The death that was recorded for the cadre did not happen; the date is the day of the withdrawal.",
)

EVENTS = (CADRE_DECEASED, DEATH_WITHDRAWN)
