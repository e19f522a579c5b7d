"""The events of a cadre's record. Each event of a cadre holds the whole coarse state, so the newest one says all."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of
from services.registry.cadres.schema import CadreSchema

CADRE_REGISTERED = EventType(
    "registry.cadre.registered",
    1,
    data_of(CadreSchema),
    "干部已登记",
    "A cadre is served by the bureau from this date on.",
)
CADRE_AMENDED = EventType(
    "registry.cadre.amended",
    1,
    amended_data_of(CadreSchema),
    "干部信息已更正",
    "A cadre's record was corrected: particulars, a date of death, a transfer or an entry of the history.",
)

EVENTS = (CADRE_REGISTERED, CADRE_AMENDED)
