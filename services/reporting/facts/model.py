"""Reporting's tables: the log of every event that it read, and the facts derived from it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, Connection, Index, LargeBinary, String, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hongxia.events.tables import Counter

Document = JSON().with_variant(JSONB, "postgresql")

SMALL, TEXT = 40, 200


def key(length: int) -> String:
    """A text that is sorted by its bytes in every database, so that the digest's order is one and the same."""
    return String(length, collation="C").with_variant(String(length), "sqlite")


class Base(DeclarativeBase):
    """Base of reporting's models."""

    type_annotation_map = {int: Counter}


class Log(Base):
    """One event as it travelled. What could not be applied is not here but among the parked events."""

    __tablename__ = "log"

    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(36))
    type: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(TEXT))
    occurredon: Mapped[date]
    entityversion: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Fact(Base):
    """What is so about one entity, as its newest event tells it; of some kinds, what one event tells (`step`).

    `version` is the entity's, `source` and `position` name the event. `step` is 0 for a kind that has one fact an
    entity, else the version. `on` is the date that the fact counts for, `year` the year; a standing fact (a cadre) has
    no year and counts from `on` on. `amount` is in fen, persons or whatever the kind's main number is. A voided fact
    stays as a row, so that an older event replayed can't bring it back.
    """

    __tablename__ = "fact"
    __table_args__ = (Index("ix_fact_year", "generation", "year", "kind"),)

    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(key(SMALL), primary_key=True)
    entity: Mapped[str] = mapped_column(key(TEXT), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    source: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    on: Mapped[date]
    year: Mapped[int | None]
    amount: Mapped[int | None]
    person: Mapped[str | None] = mapped_column(String(TEXT))
    parent: Mapped[str | None] = mapped_column(String(TEXT))
    attrs: Mapped[dict[str, Any]] = mapped_column(Document)
    voided: Mapped[bool]


class Generation(Base):
    """One row: which facts are shown (`live`), and which ones a rebuild is making beside them (`shadow`)."""

    __tablename__ = "generation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    live: Mapped[int]
    shadow: Mapped[int | None]
    last: Mapped[int] = mapped_column(comment="the last number given to a generation")


def start_facts(connection: Connection) -> None:
    """Put in the one row that counts: facts of the first generation, and no rebuild."""
    connection.execute(insert(Generation).values(id=1, live=1, shadow=None, last=1))
