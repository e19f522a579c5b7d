"""What may be recorded of vaccination drives, amended and voided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import Violation, past_day, refuse
from services.activities.drives.events import DRIVE_AMENDED, DRIVE_HELD, DRIVE_VOIDED
from services.activities.drives.model import Drive
from services.activities.rosters import rules as rosters
from services.activities.rosters.model import Roster
from services.activities.twins import ask_about_twin


def record(
    session: Session, drive_id: str, values: Mapping[str, Any], today: date, confirmed: Collection[str] = ()
) -> Drive:
    """Record a drive. Raises Refused, Question (entered-twice)."""
    refuse(past_day("starts_on", values["starts_on"], today))
    drive = Drive(id=drive_id, **values)
    _ask_about_twin(session, drive, confirmed)
    records.begin(session, drive, "record")
    publish(session, DRIVE_HELD, drive, on=drive.starts_on)
    return drive


def amend(session: Session, drive: Drive, changes: Mapping[str, Any], reason: str, today: date) -> Drive:
    """Change title or first day. Raises Conflicting (wrong-state), Refused (roster-before-drive and dates)."""
    drive.lifecycle.after(drive.state, "amend")
    if changes.get("starts_on", drive.starts_on) != drive.starts_on:
        refuse(_violations_of_first_day(session, drive, changes["starts_on"], today))
    changed = records.change(session, drive, changes)
    if changed:
        publish(session, DRIVE_AMENDED, drive, on=drive.starts_on, changed=changed, reason=reason)
    return drive


def void(session: Session, drive: Drive, reason: str) -> Drive:
    """Void a drive: it does not count any more, nor do its rosters. Raises Conflicting (wrong-state)."""
    records.move(session, drive, "void", reason=reason)
    publish(session, DRIVE_VOIDED, drive, on=drive.starts_on, reason=reason)
    rosters.void_all(session, drive)
    return drive


def first_day_of_rosters(session: Session, drive: Drive) -> date | None:
    """Return the first day on which a drive has rosters that count."""
    standing = (Roster.drive_id == drive.id, Roster.state == "recorded")
    return session.scalar(select(func.min(Roster.on)).where(*standing))


def _violations_of_first_day(session: Session, drive: Drive, day: date, today: date) -> Iterator[Violation]:
    yield from past_day("starts_on", day, today)
    first = first_day_of_rosters(session, drive)
    if first is not None and first < day:
        message = f"首日 {day} 晚于已登记的接种名册（{first}）；名册有误的，请先作废"
        yield Violation("starts_on", "roster-before-drive", message)


def _ask_about_twin(session: Session, drive: Drive, confirmed: Collection[str]) -> None:
    same = (Drive.title == drive.title, Drive.starts_on == drive.starts_on)
    message = f"{drive.starts_on} 已有一次名称相同的接种专场；确为另一次的，请确认后登记"
    alike = (*same, Drive.state == "held")
    ask_about_twin(session, drive, "drive_no", alike, ("title", message), confirmed)
