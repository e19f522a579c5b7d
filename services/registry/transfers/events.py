"""The event of a transfer; a corrected one is an amendment of the cadre's record."""

from __future__ import annotations

from hongxia.codes import Codes
from hongxia.events.declare import EventType
from hongxia.schema.derive import event_data
from hongxia.schema.fields import Code
from services.registry.cadres.schema import CadreSchema

OUT, IN = "out", "in"

CADRE_TRANSFERRED = EventType(
    "registry.cadre.transferred",
    1,
    event_data(
        "TransferredData",
        "The state of a cadre who went to another bureau or came back.",
        CadreSchema,
        direction=Code(Codes({OUT: "转出", IN: "转回"}), help_en="to another bureau, or back"),
    ),
    "干部已调转",
    "From this date on another bureau serves the cadre, or this one again.",
)

EVENTS = (CADRE_TRANSFERRED,)
