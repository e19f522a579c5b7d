"""The base of activities' tables, and who may do what here."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from hongxia.events.tables import Counter
from hongxia.http.auth import OFFICE

CENTRE = "centre"
WRITERS = (CENTRE,)
READERS = (CENTRE, OFFICE)


class Base(DeclarativeBase):
    """Base of activities' models. Integers are kept in 64 bits."""

    type_annotation_map = {int: Counter}
