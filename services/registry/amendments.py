"""Amendments: particulars of a record changed or corrected, also after death."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.registry import history, numbers
from services.registry.cadres import refuse, step, tell
from services.registry.events import CADRE_AMENDED
from services.registry.models import Cadre
from services.registry.particulars import birth_date, faults

PARTICULARS = (
    *("name", "sex", "resident_number", "nationality", "political_status", "retirement_category"),
    *("unit", "street", "joined_party_on", "registered_on", "deceased_on"),
)
"""What an amendment may change."""


def amend(session: Session, cadre: Cadre, changes: Mapping[str, Any], on: date, today: date) -> Cadre:
    """Change particulars of a locked cadre as of a date; what is the same already is no change.

    A date of death can be corrected, or withdrawn by None. Raises Rule, and Conflict for a resident number that
    another record has, or a date of death of somebody who is living.
    """
    changed = {name: value for name, value in changes.items() if getattr(cadre, name) != value}
    status = step(cadre, _amendment(changed))
    if not changed:
        return cadre
    particulars = {name: getattr(cadre, name) for name in PARTICULARS} | changed
    refuse(faults(particulars, today))
    refuse(history.date_faults(on, particulars["registered_on"], today))
    if "resident_number" in changed:
        numbers.lock(session)
        numbers.must_be_free(session, changed["resident_number"])
    if "registered_on" in changed:
        history.move_start(session, cadre, changed["registered_on"])
    for name, value in changed.items():
        setattr(cadre, name, value)
    cadre.birth_date = birth_date(cadre.resident_number)
    cadre.status = status
    cadre.version += 1
    tell(session, CADRE_AMENDED, cadre, on)
    return cadre


def _amendment(changed: Mapping[str, Any]) -> str:
    if "deceased_on" not in changed:
        return "amend"
    return "correct-death" if changed["deceased_on"] else "withdraw-death"
