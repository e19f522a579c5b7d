"""The base of finance's tables, and who may do what here."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from hongxia.events.tables import Counter
from hongxia.roles import OFFICE

ACCOUNTANT = "accountant"
READERS = (ACCOUNTANT, OFFICE)


class Base(DeclarativeBase):
    """Base of finance's models. Integers are kept in 64 bits."""

    type_annotation_map = {int: Counter}
