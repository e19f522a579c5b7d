"""How the lists are stored."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.lists import EntryColumns, lifecycle_of
from hongxia.sealed import Sealed
from services.registry.base import Base


class Street(EntryColumns, Base):
    """A street or town (sub-district) in which cadres live."""

    __tablename__ = "street"
    lifecycle = lifecycle_of("street", "街道")
    prefix = "S"


class Unit(EntryColumns, Base):
    """A unit from which cadres retired."""

    __tablename__ = "unit"
    lifecycle = lifecycle_of("unit", "原单位")
    prefix = "U"


class Liaison(EntryColumns, Base):
    """A post or a person that keeps in touch with cadres. The labels may be names, so they stay here, sealed."""

    __tablename__ = "liaison"
    lifecycle = lifecycle_of("liaison", "联络员")
    prefix = "L"
    hashes = {"label_hash": "label"}

    label: Mapped[str] = mapped_column(Sealed)
    label_hash: Mapped[str] = mapped_column(String(32), unique=True)
