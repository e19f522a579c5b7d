"""The base of the registry's tables, and who may do what here."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from hongxia.events.tables import Counter
from hongxia.roles import OFFICE

RECORDS = "records"
LIAISON = "liaison"
READERS = (RECORDS, LIAISON, OFFICE)


class Base(DeclarativeBase):
    """Base of the registry's models. Integers are kept in 64 bits."""

    type_annotation_map = {int: Counter}
