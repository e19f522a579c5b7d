"""Activities' tables.

One session (场次) of a programme is a `Meeting` in the code, because a `session` is the database's.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from hongxia.events.tables import Counter


class Base(DeclarativeBase):
    """Base of activities' models."""

    type_annotation_map = {int: Counter}


class Record:
    """What all records have: a state of services.activities.transitions, the code of the reason for it, a version.

    `label` is what the office calls such a record, `thing` what it is called in ids and in problems.
    """

    label: ClassVar[str] = "记录"
    thing: ClassVar[str] = "record"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int]


class Meeting(Record, Base):
    """A session: a lesson, a performance, a meeting of a research, a training. `year` is that of its number."""

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("year", "session_no", name="uq_session_year"),
        CheckConstraint("others_count >= 0", name="ck_session_others_count"),
    )
    label = "场次"
    thing = "session"

    year: Mapped[int]
    session_no: Mapped[str | None] = mapped_column(String(32))
    programme: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    held_on: Mapped[date] = mapped_column(index=True)
    host: Mapped[str] = mapped_column(String(10))
    venue: Mapped[str | None] = mapped_column(String(100))
    topic: Mapped[str | None] = mapped_column(String(200))
    others_count: Mapped[int] = mapped_column(comment="attendance that is not listed by name")


class HealthCheck(Record, Base):
    """A health-check batch."""

    __tablename__ = "health_check"
    __table_args__ = (UniqueConstraint("year", "batch_no", name="uq_health_check_year"),)
    label = "体检批次"
    thing = "health-check"

    year: Mapped[int]
    batch_no: Mapped[str | None] = mapped_column(String(32))
    held_on: Mapped[date] = mapped_column(index=True)
    hospital: Mapped[str] = mapped_column(String(100))


class Presence(Record):
    """That a cadre was there, on a day: at a session or at a health-check batch (the owner), once each."""

    owner_id: Mapped[str]

    @declared_attr
    def cadre_id(cls) -> Mapped[str]:
        """The cadre's opaque id."""
        return mapped_column(String(36), index=True)

    @declared_attr
    def on(cls) -> Mapped[date]:
        """The day."""
        return mapped_column(index=True)


class Attendance(Presence, Base):
    """A cadre attended a session."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("session_id", "cadre_id", name="uq_attendance_session_id"),)
    label = "考勤"
    thing = "attendance"

    owner_id: Mapped[str] = mapped_column("session_id", String(36), ForeignKey("session.id"))


class Check(Presence, Base):
    """A cadre was checked in a batch."""

    __tablename__ = "health_check_person"
    __table_args__ = (UniqueConstraint("batch_id", "cadre_id", name="uq_health_check_person_batch_id"),)
    label = "体检记录"
    thing = "check"

    owner_id: Mapped[str] = mapped_column("batch_id", String(36), ForeignKey("health_check.id"))


class Work(Record, Base):
    """A work that was collected; without a `cadre_id` its author is not in the register."""

    __tablename__ = "work"
    __table_args__ = (UniqueConstraint("year", "work_no", name="uq_work_year"),)
    label = "作品"
    thing = "work"

    year: Mapped[int]
    work_no: Mapped[str | None] = mapped_column(String(32))
    genre: Mapped[str] = mapped_column(String(20))
    title: Mapped[str | None] = mapped_column(String(200))
    call: Mapped[str | None] = mapped_column(String(100))
    collected_on: Mapped[date] = mapped_column(index=True)
    cadre_id: Mapped[str | None] = mapped_column(String(36), index=True)


class Drive(Record, Base):
    """A vaccination drive of one or several days, from `starts_on`."""

    __tablename__ = "drive"
    __table_args__ = (UniqueConstraint("year", "drive_no", name="uq_drive_year"),)
    label = "接种专场"
    thing = "drive"

    year: Mapped[int]
    drive_no: Mapped[str | None] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date] = mapped_column(index=True)


class Roster(Record, Base):
    """One unit on one day of a drive, in numbers."""

    __tablename__ = "roster"
    __table_args__ = (
        UniqueConstraint("drive_id", "on", "unit_name", name="uq_roster_drive_id"),
        CheckConstraint("vaccinated >= 0 AND vaccinated <= attended", name="ck_roster_vaccinated"),
    )
    label = "接种名册"
    thing = "roster"

    drive_id: Mapped[str] = mapped_column(ForeignKey("drive.id"))
    on: Mapped[date] = mapped_column(index=True)
    unit_name: Mapped[str] = mapped_column(String(100))
    attended: Mapped[int]
    vaccinated: Mapped[int]


class Cadre(Base):
    """What the registry's events tell of a cadre, as far as attendance depends on it; `version` is the registry's."""

    __tablename__ = "cadre"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    registered_on: Mapped[date]
    deceased_on: Mapped[date | None]
    merged_into: Mapped[str | None] = mapped_column(String(36), index=True)
    version: Mapped[int]
