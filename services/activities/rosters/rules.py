"""What may be recorded of rosters, amended and voided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.events.publish import publish
from hongxia.rules import Conflicting, Violation, not_before, past_day, refuse
from services.activities.drives.model import Drive
from services.activities.rosters.events import ROSTER_AMENDED, ROSTER_RECORDED, ROSTER_VOIDED
from services.activities.rosters.model import Roster
from services.activities.rosters.schema import DRIVE_VOIDED
from services.activities.units.model import UNITS


def id_of(drive_id: str, on: date, unit: str) -> str:
    """Return the id of the one roster of a drive, a day and a unit (by its code)."""
    return ids.entity_id("roster", drive_id, on.isoformat(), unit)


def violations(values: Mapping[str, Any], drive: Drive, today: date) -> Iterator[Violation]:
    """Yield what is wrong with a roster; `values` are those of RosterSchema."""
    yield from past_day("on", values["on"], today)
    yield from not_before("on", values["on"], drive.starts_on, "roster-before-drive", "名册日期", "接种专场的首日")
    yield from violations_of_counts(values["attended"], values["vaccinated"])


def violations_of_counts(attended: int, vaccinated: int) -> Iterator[Violation]:
    """Yield what is wrong with the numbers."""
    if vaccinated > attended:
        message = f"接种人数 {vaccinated} 多于到场人数 {attended}"
        yield Violation("vaccinated", "vaccinated-over-attended", message)


def record(session: Session, drive: Drive, values: Mapping[str, Any], today: date) -> Roster:
    """Record a unit's numbers at a drive (locked by the caller).

    Raises Refused, Conflicting (wrong-state, roster-exists).
    """
    if drive.state != "held":
        shown = drive.lifecycle.states[drive.state]
        message = f"这次接种专场的状态是“{shown}”，“已举办”的才登记名册；{drive.lifecycle.ways_on(drive.state)}"
        raise Conflicting(Violation("", "wrong-state", message), extra={"state": drive.state})
    refuse(violations(values, drive, today))
    UNITS.must_have(session, "unit", values["unit"])
    roster_id = id_of(drive.id, values["on"], values["unit"])
    roster = session.get(Roster, roster_id)
    if roster is None:
        roster = Roster(id=roster_id, drive_id=drive.id, **values)
        records.begin(session, roster, "record")
    elif roster.state == "recorded":
        message = (
            f"该单位 {roster.on} 的名册已登记（到场 {roster.attended}，接种 {roster.vaccinated}）；有误的，请修改那一条"
        )
        raise Conflicting(Violation("unit", "roster-exists", message), extra={"existing": roster.id})
    else:
        roster.attended, roster.vaccinated = values["attended"], values["vaccinated"]
        records.move(session, roster, "record")
    publish(session, ROSTER_RECORDED, roster, on=roster.on)
    return roster


def amend(session: Session, roster: Roster, changes: Mapping[str, Any], reason: str) -> Roster:
    """Change the numbers. Raises Conflicting (wrong-state), Refused (vaccinated-over-attended)."""
    roster.lifecycle.after(roster.state, "amend")
    after = {"attended": roster.attended, "vaccinated": roster.vaccinated} | dict(changes)
    refuse(violations_of_counts(after["attended"], after["vaccinated"]))
    changed = records.change(session, roster, changes)
    if changed:
        publish(session, ROSTER_AMENDED, roster, on=roster.on, changed=changed, reason=reason)
    return roster


def void(session: Session, roster: Roster, reason: str) -> Roster:
    """Void a roster: its numbers do not count any more. Raises Conflicting (wrong-state)."""
    records.move(session, roster, "void", reason=reason)
    publish(session, ROSTER_VOIDED, roster, on=roster.on, reason=reason)
    return roster


def void_all(session: Session, drive: Drive) -> None:
    """The rosters of a drive that does not count any more fall with it."""
    query = select(Roster).where(Roster.drive_id == drive.id, Roster.state == "recorded").order_by(Roster.id)
    for roster in session.scalars(query):
        void(session, roster, DRIVE_VOIDED)
