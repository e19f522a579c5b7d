"""The copy of the cadres in outreach."""

from __future__ import annotations

from typing import Any

from hongxia.cadres import mirror_of_cadres
from hongxia.events.envelope import Event
from services.outreach.cadres.model import Cadre


def _care(event: Event) -> dict[str, Any]:
    return {
        "liaison": event.may("liaison", str),
        "hardship": event.need("hardship", bool),
        "living_alone": event.need("living_alone", bool),
        "advanced_age": event.need("advanced_age", bool),
        "resettled": event.need("resettled", bool),
    }


CADRES = mirror_of_cadres(Cadre, _care)
