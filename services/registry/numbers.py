"""Numbers that must be one person's only: the bureau's own cadre number, and the resident number."""

from __future__ import annotations

import re

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from hongxia.http.problems import Conflict
from services.registry.models import Cadre, Register

_SERIAL = re.compile(r"G([0-9]{1,9})")


def start_register(connection: Connection) -> None:
    """Put in the one row that is locked."""
    connection.execute(insert(Register).values(id=1, last_serial=0))


def lock(session: Session) -> Register:
    """The register, locked until the end of the transaction: one registration at a time, so that what was looked up
    as free stays free.
    """
    query = select(Register).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def next_number(register: Register) -> str:
    """The next cadre number of the form G0001; no number is given twice."""
    register.last_serial += 1
    return f"G{register.last_serial:04}"


def note(register: Register, cadre_no: str) -> None:
    """Mind a number that the bureau chose itself, so that it is never given to another."""
    match = _SERIAL.fullmatch(cadre_no)
    if match:
        register.last_serial = max(register.last_serial, int(match[1]))


def must_be_free(session: Session, resident_number: str) -> None:
    """Raises Conflict, without the number, if a record that was not merged has it."""
    query = select(Cadre.id).where(Cadre.resident_number == resident_number, Cadre.merged_into.is_(None))
    other = session.scalar(query)
    if other is not None:
        raise Conflict(
            "此身份证号已登记在另一名干部名下",
            slug="resident-number-taken",
            pointer="#/resident_number",
            extra={"cadre_id": other},
        )
