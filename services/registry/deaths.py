"""The death of a cadre: afterwards the record can be amended, and nothing else."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from services.registry.cadres import refuse, step, tell
from services.registry.events import CADRE_DECEASED
from services.registry.models import Cadre
from services.registry.particulars import faults


def record(session: Session, cadre: Cadre, on: date, today: date) -> Cadre:
    """Record the death of a locked cadre. Raises Rule for a date in the future, before birth or registration."""
    status = step(cadre, "die")
    dates = {name: getattr(cadre, name) for name in ("resident_number", "registered_on")}
    refuse(faults({**dates, "deceased_on": on}, today))
    cadre.deceased_on, cadre.status = on, status
    cadre.version += 1
    tell(session, CADRE_DECEASED, cadre, on)
    return cadre
