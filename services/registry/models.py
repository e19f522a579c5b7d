"""The registry's tables: cadres, and the dated history of what changes about them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hongxia.events.tables import Counter


class Base(DeclarativeBase):
    """Base of the registry's models."""

    type_annotation_map = {int: Counter}


class Status(StrEnum):
    """Where a record stands: `merged` means that another record took its place."""

    LIVING = "living"
    DECEASED = "deceased"
    MERGED = "merged"


class Aspect(StrEnum):
    """What has a dated history of its own. Rank (职级) and treatment (享受待遇) are two."""

    RANK = "rank"
    TREATMENT = "treatment"
    LIAISON = "liaison"
    CARE = "care"


class Cadre(Base):
    """A cadre as of now; `version` counts every change. Codes as in workbook.py.

    `birth_date` is the one in the resident number. `row_digest` is that of the workbook row that made the record, so
    that the same row is known again after the record has moved on.
    """

    __tablename__ = "cadre"
    __table_args__ = (
        Index(
            "uq_cadre_resident_number",
            "resident_number",
            unique=True,
            postgresql_where=text("merged_into IS NULL"),
            sqlite_where=text("merged_into IS NULL"),
        ),
        Index("ix_cadre_same_person", "name", "birth_date"),
        Index("ix_cadre_birth_date", "birth_date"),
        Index("ix_cadre_liaison", "liaison"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    cadre_no: Mapped[str] = mapped_column(String(32), unique=True)
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(50))
    resident_number: Mapped[str] = mapped_column(String(18))
    birth_date: Mapped[date]
    sex: Mapped[str] = mapped_column(String(1))
    nationality: Mapped[str | None] = mapped_column(String(2))
    political_status: Mapped[str] = mapped_column(String(2))
    retirement_category: Mapped[str] = mapped_column(String(1))
    rank: Mapped[str] = mapped_column(String(3))
    treatment: Mapped[str] = mapped_column(String(3))
    unit: Mapped[str] = mapped_column(String(100))
    street: Mapped[str] = mapped_column(String(100))
    joined_party_on: Mapped[date | None]
    registered_on: Mapped[date]
    liaison: Mapped[str | None] = mapped_column(String(50))
    advanced_age: Mapped[bool]
    hardship: Mapped[bool]
    living_alone: Mapped[bool]
    resettled: Mapped[bool]
    deceased_on: Mapped[date | None]
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("cadre.id"))
    row_digest: Mapped[str | None] = mapped_column(String(64))


class Entry(Base):
    """One entry of a cadre's history: what an aspect was from a date on, and the document (文号) that says so.

    `version` is the cadre's version that the entry made, so entries are in the order of recording. An entry that was
    withdrawn keeps the reason in `void_reason` and counts no more. Of care, `value` lists the flags that are set.
    """

    __tablename__ = "entry"

    cadre_id: Mapped[str] = mapped_column(ForeignKey("cadre.id"), primary_key=True)
    aspect: Mapped[str] = mapped_column(String(10), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_on: Mapped[date]
    value: Mapped[str | None] = mapped_column(String(100))
    document_no: Mapped[str | None] = mapped_column(String(60))
    void_reason: Mapped[str | None] = mapped_column(String(20))


class Register(Base):
    """The one row that whoever adds a cadre, or changes a resident number, locks first.

    `last_serial` is the highest number of the form G0001 that was ever given.
    """

    __tablename__ = "register"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_serial: Mapped[int]
