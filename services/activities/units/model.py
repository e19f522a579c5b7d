"""How units are stored."""

from __future__ import annotations

from hongxia.lists import EntryColumns, declare, lifecycle_of
from services.activities.base import Base


class Unit(EntryColumns, Base):
    """A unit of the district, or any other whose staff come to a drive."""

    __tablename__ = "unit"
    lifecycle = lifecycle_of("unit", "单位")
    prefix = "u"


UNITS = declare("activities", Unit, labels_published=True)
