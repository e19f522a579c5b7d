"""Vaccination drives and their rosters: one row for each drive, day and unit, in numbers.

Those who come are retired staff of the district's organs and need not be in the register. A roster is known by drive,
day and unit; a mistake in one of these is mended by voiding it and recording another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from hongxia.http.problems import Conflict, Rule
from services.activities import days, records
from services.activities.events import (
    DRIVE_AMENDED,
    DRIVE_HELD,
    DRIVE_VOIDED,
    ROSTER_AMENDED,
    ROSTER_RECORDED,
    ROSTER_VOIDED,
)
from services.activities.models import Drive, Roster
from services.activities.transitions import DRIVE_VOIDED as FELL
from services.activities.transitions import ENTRY, EVENT, NEW, move, must_be


@dataclass(frozen=True, slots=True)
class NewDrive:
    """A drive that was held; it counts for the year of its first day."""

    drive_no: str | None
    title: str
    starts_on: date


@dataclass(frozen=True, slots=True)
class NewRoster:
    """How many persons of a unit came on a day, and how many of them were vaccinated on site."""

    on: date
    unit_name: str
    attended: int
    vaccinated: int


def id_of_new(session: Session, new: NewDrive) -> str:
    """The id of a drive to be. Raises Conflict (drive-exists) if the year has its number."""
    return records.numbered_id(session, Drive, new.starts_on.year, new.drive_no, "drive_no")


def enter(session: Session, drive_id: str, new: NewDrive, today: date) -> Drive:
    """Write a drive down. Raises Rule (date-too-early, date-in-future)."""
    days.past(new.starts_on, today, "#/starts_on")
    drive = Drive(id=drive_id, year=new.starts_on.year, state=NEW, version=0, **asdict(new))
    move(drive, EVENT, "held")
    session.add(drive)
    _tell_drive(session, DRIVE_HELD, drive)
    return drive


def amend(session: Session, drive: Drive, changes: Mapping[str, Any], today: date) -> Drive:
    """Correct title or first day. Raises Conflict (wrong-state), Rule (date, roster-before-drive)."""
    must_be(drive, "held")
    changed = records.change(drive, changes)
    if "starts_on" in changed:
        days.past(drive.starts_on, today, "#/starts_on")
        standing = (Roster.drive_id == drive.id) & (Roster.state == "recorded")
        first = session.scalar(select(func.min(Roster.on)).where(standing))
        if first is not None and first < drive.starts_on:
            raise Rule("已有更早日期的接种名册", slug="roster-before-drive", pointer="#/starts_on")
    if changed:
        _tell_drive(session, DRIVE_AMENDED, drive)
    return drive


def void(session: Session, drive: Drive, reason: str) -> Drive:
    """A drive that does not count, nor do its rosters. Raises Conflict (wrong-state)."""
    move(drive, EVENT, "voided", reason)
    _tell_drive(session, DRIVE_VOIDED, drive)
    query = select(Roster).where(Roster.drive_id == drive.id, Roster.state == "recorded").order_by(Roster.id)
    for roster in session.scalars(query.with_for_update()):
        void_roster(session, roster, FELL)
    return drive


def roster_id(drive_id: str, on: date, unit_name: str) -> str:
    """The id of the one roster of a drive, a day and a unit."""
    return ids.entity_id("roster", drive_id, on.isoformat(), unit_name)


def record_roster(session: Session, drive: Drive, new: NewRoster, today: date) -> Roster:
    """Record a unit's numbers at a drive (locked by the caller).

    Raises Conflict (wrong-state, roster-exists), Rule (roster-before-drive, date, vaccinated-over-attended).
    """
    if drive.state != "held":
        raise Conflict("接种专场不是已举办的，不能登记名册", slug="wrong-state", extra={"state": drive.state})
    days.past(new.on, today, "#/on")
    if new.on < drive.starts_on:
        raise Rule("日期早于接种专场的首日", slug="roster-before-drive", pointer="#/on")
    _check_counts(new.attended, new.vaccinated)
    number = roster_id(drive.id, new.on, new.unit_name)
    roster = session.get(Roster, number)
    if roster is None:
        roster = Roster(id=number, drive_id=drive.id, state=NEW, version=0)
        session.add(roster)
    elif roster.state == "recorded":
        raise Conflict("该单位当天的名册已登记", slug="roster-exists", pointer="#/unit_name")
    for name, value in asdict(new).items():
        setattr(roster, name, value)
    move(roster, ENTRY, "recorded")
    _tell_roster(session, ROSTER_RECORDED, roster)
    return roster


def amend_roster(session: Session, roster: Roster, changes: Mapping[str, Any]) -> Roster:
    """Correct the numbers. Raises Conflict (wrong-state), Rule (vaccinated-over-attended)."""
    must_be(roster, "recorded")
    changed = records.change(roster, changes)
    _check_counts(roster.attended, roster.vaccinated)
    if changed:
        _tell_roster(session, ROSTER_AMENDED, roster)
    return roster


def void_roster(session: Session, roster: Roster, reason: str) -> Roster:
    """Numbers that do not count. Raises Conflict (wrong-state)."""
    move(roster, ENTRY, "voided", reason)
    _tell_roster(session, ROSTER_VOIDED, roster)
    return roster


def _check_counts(attended: int, vaccinated: int) -> None:
    if vaccinated > attended:
        raise Rule("接种人数多于到场人数", slug="vaccinated-over-attended", pointer="#/vaccinated")


def _tell_drive(session: Session, event_type: EventType, drive: Drive) -> None:
    append(
        session,
        event_type,
        subject=drive.id,
        entityversion=drive.version,
        occurredon=drive.starts_on,
        data={"title": drive.title},
    )


def _tell_roster(session: Session, event_type: EventType, roster: Roster) -> None:
    data = {
        "drive_id": roster.drive_id,
        "on": roster.on.isoformat(),
        "unit_name": roster.unit_name,
        "attended": roster.attended,
        "vaccinated": roster.vaccinated,
    }
    append(session, event_type, subject=roster.id, entityversion=roster.version, occurredon=roster.on, data=data)
