"""A cadre was there: at a session (attendance) or at a health-check batch (a check). The rules are the same for both.

An entry is known by its owner and its cadre, so there is one of each; one that was voided can be recorded again.
Its events bear its date and, at a session, the programme. So when date or programme are corrected at the owner, the
entries follow and say so in amended events of their own: those that stood on the owner's day move with it, later ones
stay. A correction that would make an entry impossible is refused whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.events.declare import EventType
from hongxia.events.outbox import append
from hongxia.http.problems import Conflict, Rule
from services.activities import days, records
from services.activities.cadres import People
from services.activities.models import Attendance, Check, HealthCheck, Meeting
from services.activities.transitions import CADRE_MERGED, ENTRY, NEW, move, must_be

Owner = Meeting | HealthCheck
Entry = Attendance | Check


@dataclass(frozen=True, slots=True)
class Kind:
    """Attendance or checks: the tables, the name of the date at the API, the events and what they carry."""

    entity: str
    model: type[Attendance] | type[Check]
    owner: type[Meeting] | type[HealthCheck]
    day: str
    too_early: str
    recorded: EventType
    amended: EventType
    voided: EventType
    data: Callable[[Any, Any], Mapping[str, Any]]

    def id_of(self, owner_id: str, cadre_id: str) -> str:
        """The id of the one entry of a cadre at an owner."""
        return ids.entity_id(self.entity, owner_id, cadre_id)

    def tell(self, session: Session, event_type: EventType, owner: Owner, entry: Entry) -> None:
        """Raise an event with the entry's state."""
        append(
            session,
            event_type,
            subject=entry.id,
            entityversion=entry.version,
            occurredon=entry.on,
            data=self.data(owner, entry),
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What a unit of work must know before it records: the cadres, and the entries that there are already, by owner
    id and cadre id.
    """

    people: People
    kept: dict[tuple[str, str], Entry]


def known(session: Session, kind: Kind, pairs: Iterable[tuple[str, str]]) -> Known:
    """Read at once what recording these (owner id, cadre id) takes."""
    pairs = list(pairs)
    people = People(session, (cadre_id for _, cadre_id in pairs))
    wanted = (kind.id_of(owner_id, people.surviving(cadre_id)) for owner_id, cadre_id in pairs)
    kept = records.by_id(session, kind.model, wanted).values()
    return Known(people, {(entry.owner_id, entry.cadre_id): entry for entry in kept})


def record(
    session: Session,
    kind: Kind,
    owner: Owner,
    cadre_id: str,
    on: date | None,
    known: Known,
    today: date,
    at: str = "#",
) -> Entry:
    """Record a cadre at an owner (locked by the caller), on the owner's day if no other is given.

    `at` is the pointer to the object that names the cadre. Raises Rule (too early, date-in-future, unknown-cadre,
    cadre-merged, cadre-deceased) and Conflict (wrong-state, already-recorded).
    """
    on = on or owner.held_on
    _check_owner_and_day(kind, owner, on, today, f"{at}/{kind.day}")
    known.people.must_have_lived(cadre_id, on, f"{at}/cadre_id")
    entry = known.kept.get((owner.id, cadre_id))
    if entry is not None and entry.state == "recorded":
        raise Conflict("这位干部已登记过", slug="already-recorded", pointer=f"{at}/cadre_id")
    if entry is None:
        entry = known.kept[owner.id, cadre_id] = _new(session, kind, owner, cadre_id)
    entry.on = on
    move(entry, ENTRY, "recorded")
    kind.tell(session, kind.recorded, owner, entry)
    return entry


def _new(session: Session, kind: Kind, owner: Owner, cadre_id: str) -> Entry:
    entry_id = kind.id_of(owner.id, cadre_id)
    entry = kind.model(id=entry_id, owner_id=owner.id, cadre_id=cadre_id, state=NEW, version=0)
    session.add(entry)
    return entry


def _check_owner_and_day(kind: Kind, owner: Owner, on: date, today: date, pointer: str) -> None:
    if owner.state != "held":
        raise Conflict(f"{owner.label}不是已举办的，不能登记参加人员", slug="wrong-state", extra={"state": owner.state})
    days.past(on, today, pointer)
    _check_not_before(kind, owner, on, pointer)


def _check_not_before(kind: Kind, owner: Owner, on: date, pointer: str) -> None:
    if on < owner.held_on:
        raise Rule(f"参加日期早于{owner.label}的日期", slug=kind.too_early, pointer=pointer)


def locked(session: Session, kind: Kind, entry_id: str) -> tuple[Owner, Entry]:
    """An entry to change and its owner, both locked, the owner first as everywhere. Raises NotFound."""
    owner_id = records.get(session, kind.model, entry_id).owner_id
    return records.locked(session, kind.owner, owner_id), records.locked(session, kind.model, entry_id)


def amend(session: Session, kind: Kind, owner: Owner, entry: Entry, on: date, today: date) -> Entry:
    """Correct the date of an entry. Raises as `record` does, and Conflict (wrong-state) for one that was voided."""
    must_be(entry, "recorded")
    pointer = f"#/{kind.day}"
    _check_owner_and_day(kind, owner, on, today, pointer)
    People(session, [entry.cadre_id]).must_have_lived(entry.cadre_id, on, pointer)
    if records.change(entry, {"on": on}):
        kind.tell(session, kind.amended, owner, entry)
    return entry


def void(session: Session, kind: Kind, owner: Owner, entry: Entry, reason: str) -> Entry:
    """An entry that does not count. Raises Conflict (wrong-state) if it was voided before."""
    move(entry, ENTRY, "voided", reason)
    kind.tell(session, kind.voided, owner, entry)
    return entry


def void_all(session: Session, kind: Kind, owner: Owner, reason: str) -> None:
    """The entries of an owner fall with it."""
    for entry in _standing(session, kind, kind.model.owner_id == owner.id):
        void(session, kind, owner, entry, reason)


def follow(session: Session, kind: Kind, owner: Owner, old_day: date, *, every: bool) -> None:
    """The entries follow a correction of their owner: those of its old day to the new one, `every` one if more than
    the day was corrected. Raises Rule at #/held_on (too early, cadre-deceased) if one of them can't.
    """
    entries = _standing(session, kind, kind.model.owner_id == owner.id)
    moving = {entry.id for entry in entries if entry.on == old_day} if old_day != owner.held_on else set()
    people = People(session, (entry.cadre_id for entry in entries if entry.id in moving))
    for entry in entries:
        if entry.id in moving:
            people.must_have_lived(entry.cadre_id, owner.held_on, "#/held_on")
            entry.on = owner.held_on
        _check_not_before(kind, owner, entry.on, "#/held_on")
        if every or entry.id in moving:
            entry.version += 1
            kind.tell(session, kind.amended, owner, entry)


def merge(session: Session, kind: Kind, vanished: str, into: str) -> None:
    """Two records turned out to be of one cadre: what is kept under the one that vanished goes to the survivor, and
    only once where both were there.
    """
    entries = _standing(session, kind, kind.model.cadre_id == vanished)
    owners = records.by_id(session, kind.owner, (entry.owner_id for entry in entries))
    twins = records.by_id(session, kind.model, (kind.id_of(entry.owner_id, into) for entry in entries))
    for entry in entries:
        owner = owners[entry.owner_id]
        void(session, kind, owner, entry, CADRE_MERGED)
        twin = twins.get(kind.id_of(owner.id, into)) or _new(session, kind, owner, into)
        if twin.state != "recorded":
            twin.on = entry.on
            move(twin, ENTRY, "recorded")
            kind.tell(session, kind.recorded, owner, twin)


def _standing(session: Session, kind: Kind, which: Any) -> list[Entry]:
    query = select(kind.model).where(which, kind.model.state == "recorded").order_by(kind.model.id)
    return list(session.scalars(query.with_for_update()))
