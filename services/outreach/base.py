"""The base of outreach's tables, and who may do what here."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from hongxia.events.tables import Counter
from hongxia.roles import OFFICE

LIAISON = "liaison"
LEADER = "leader"
READERS = (LIAISON, LEADER, OFFICE)


class Base(DeclarativeBase):
    """Base of outreach's models. Integers are kept in 64 bits."""

    type_annotation_map = {int: Counter}
