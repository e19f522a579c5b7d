"""Numbers that must belong to one person only: the bureau's own cadre number, and the resident number.

Code that adds a cadre, changes a resident number, or undoes a merge locks the register first, and cadres only
afterwards.
"""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.rules import Conflicting, Violation
from hongxia.sealed import digest
from services.registry.cadres.model import Cadre, Register

_SERIAL = re.compile(r"G([0-9]{1,9})")


def lock(session: Session) -> Register:
    """Return the register, locked until the end of the transaction: one registration at a time, so that what was
    looked up as free stays free.
    """
    query = select(Register).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def next_number(register: Register) -> str:
    """Return the next cadre number of the form G0001; no number is given twice."""
    register.last_serial += 1
    return f"G{register.last_serial:04}"


def note(register: Register, cadre_no: str) -> None:
    """Note a number that the bureau chose itself, so that `next_number` never gives it to another cadre."""
    match = _SERIAL.fullmatch(cadre_no)
    if match:
        register.last_serial = max(register.last_serial, int(match[1]))


def owner_of(session: Session, resident_number: str) -> str | None:
    """Return the id of the record that has a resident number and was not merged, or None."""
    hashed = digest(session, Cadre, "resident_number_hash", resident_number)
    query = select(Cadre.id).where(Cadre.resident_number_hash == hashed, Cadre.merged_into.is_(None))
    return session.scalar(query)


def taken(owner: str) -> Conflicting:
    """Return the refusal of a resident number that another record has. Its message does not repeat the number."""
    message = "此身份证号已登记在另一名干部名下；同一人请合并两条记录，不同的人请更正身份证号"
    return Conflicting(Violation("resident_number", "resident-number-taken", message), extra={"existing": owner})
