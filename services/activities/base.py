"""The base of activities' tables."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from hongxia.events.tables import Counter


class Base(DeclarativeBase):
    """Base of activities' models. Integers are kept in 64 bits."""

    type_annotation_map = {int: Counter}
