"""Registration: a person becomes a cadre whom the bureau serves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.http.problems import Conflict
from services.registry import history, numbers
from services.registry.cadres import refuse, tell
from services.registry.events import CADRE_REGISTERED
from services.registry.models import Aspect, Cadre, Entry, Status
from services.registry.particulars import birth_date, faults


def cadre_id(cadre_no: str) -> str:
    """The id of the cadre with that number; every service computes it so."""
    return ids.entity_id("cadre", cadre_no)


def register(
    session: Session,
    cadre_no: str | None,
    particulars: Mapping[str, Any],
    documents: dict[Aspect, str | None],
    today: date,
) -> Cadre:
    """Register a cadre, under the next number if none is given; `documents` are those of rank and treatment.

    Raises Rule for particulars at fault, Conflict for a number that another cadre has.
    """
    refuse(faults(particulars, today))
    register_row = numbers.lock(session)
    if cadre_no is None:
        cadre_no = numbers.next_number(register_row)
    elif session.get(Cadre, cadre_id(cadre_no)):
        raise Conflict("已有此干部编号", slug="cadre-no-taken", pointer="#/cadre_no")
    numbers.must_be_free(session, particulars["resident_number"])
    numbers.note(register_row, cadre_no)
    cadre = enrol(session, cadre_no, particulars)
    session.flush()
    session.execute(insert(Entry), history.first_entries(cadre, documents))
    return cadre


def enrol(session: Session, cadre_no: str, particulars: Mapping[str, Any]) -> Cadre:
    """Add the record of a cadre with free numbers and faultless particulars, and tell it. The history is begun by
    whoever calls, for many cadres at once.
    """
    cadre = Cadre(
        id=cadre_id(cadre_no),
        cadre_no=cadre_no,
        version=history.FIRST,
        status=Status.LIVING,
        birth_date=birth_date(particulars["resident_number"]),
        deceased_on=None,
        merged_into=None,
        **particulars,
    )
    session.add(cadre)
    tell(session, CADRE_REGISTERED, cadre, cadre.registered_on)
    return cadre
