"""What may be recorded of those who were there, amended and voided; the same for attendance and for checks.

There is one entry of a person at an owner, under whichever of the person's numbers. Its events bear its date and, at a
session, the programme; so when these are corrected at the owner, the entries follow in amended events of their own:
those on the owner's day move with it, later ones stay. A correction that would make an entry impossible is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.events.declare import EventType
from hongxia.events.publish import publish
from hongxia.rules import Conflicting, Violation, not_before, past_day, refuse
from services.activities.cadres import mirror
from services.activities.cadres.mirror import CADRES
from services.activities.cadres.model import Cadre
from services.activities.cadres.review import review
from services.activities.presence.model import CADRE_MERGED


@dataclass(frozen=True, slots=True)
class Kind:
    """Attendance or checks: the tables, the words for their date, the events. `carries` gives what an entry's events
    hold of its owner; `fell` is the reason of entries that fall with it.
    """

    model: type[Any]
    owner: type[Any]
    day: str
    day_label: str
    too_early: str
    fell: str
    recorded: EventType
    amended: EventType
    voided: EventType
    carries: Callable[[Any], Mapping[str, Any]]

    def id_of(self, owner_id: str, cadre_id: str) -> str:
        """Return the id of the one entry of a cadre's number at an owner."""
        return ids.entity_id(self.model.lifecycle.thing, owner_id, cadre_id)

    def publish(self, session: Session, event_type: EventType, owner: Any, entry: Any, **more: Any) -> None:
        """Publish what happened to an entry."""
        publish(session, event_type, entry, on=entry.on, **self.carries(owner), **more)


class Entries:
    """The entries that some persons have at some owners, read at once, under all of a person's ids. Whoever changes an
    entry has locked its owner, so entries need no lock of their own.
    """

    def __init__(self, session: Session, kind: Kind, pairs: Iterable[tuple[str, Cadre]]) -> None:
        survivors = CADRES.survivors(session)
        merged: dict[str, list[str]] = {}
        for each, survivor in survivors.items():
            merged.setdefault(survivor, []).append(each)
        wanted = {
            kind.id_of(owner_id, each) for owner_id, cadre in pairs for each in (cadre.id, *merged.get(cadre.id, ()))
        }
        self._found: dict[tuple[str, str], list[Any]] = {}
        for entry in records.by_ids(session, kind.model, wanted).values():
            self.add(entry, survivors.get(entry.cadre_id, entry.cadre_id))

    def add(self, entry: Any, cadre_id: str) -> None:
        """Note a new entry."""
        self._found.setdefault((entry.owner_id, cadre_id), []).append(entry)

    def of(self, owner_id: str, cadre_id: str) -> list[Any]:
        """Return the entries of a person, named by the surviving record, at an owner."""
        return self._found.get((owner_id, cadre_id), [])

    def standing(self, owner_id: str, cadre_id: str) -> Any:
        """Return the entry that counts, or None."""
        return next((entry for entry in self.of(owner_id, cadre_id) if entry.state == "recorded"), None)


def violations(kind: Kind, owner: Any, on: date, cadre: Cadre | None, today: date) -> Iterator[Violation]:
    """Yield what is wrong with a cadre's being at an owner on a day."""
    label = owner.lifecycle.label
    yield from past_day(kind.day, on, today)
    yield from not_before(kind.day, on, owner.held_on, kind.too_early, kind.day_label, f"{label}日期")
    yield from mirror.violations(cadre, kind.day, on, kind.day_label)


def record(
    session: Session,
    kind: Kind,
    owner: Any,
    cadre: Cadre | None,
    on: date | None,
    entries: Entries,
    today: date,
    at: str = "",
) -> Any:
    """Record a cadre at an owner (both locked by the caller), on the owner's day if no other is given.

    `at` stands before the names of fields that are at fault ("attendances/2/"). Raises Refused, Conflicting
    (wrong-state, already-recorded).
    """
    on = on or owner.held_on
    _must_be_held(owner)
    refuse(replace(found, field=f"{at}{found.field}") for found in violations(kind, owner, on, cadre, today))
    assert cadre is not None  # refused otherwise
    there = entries.standing(owner.id, cadre.id)
    if there is not None:
        message = (
            f"该干部在这条{owner.lifecycle.label}中已登记（{kind.day_label} {there.on}）；日期有误的，请修改那一条"
        )
        raise Conflicting(Violation(f"{at}cadre_id", "already-recorded", message), extra={"existing": there.id})
    entry = next((each for each in entries.of(owner.id, cadre.id) if each.cadre_id == cadre.id), None)
    if entry is None:
        entry = kind.model(id=kind.id_of(owner.id, cadre.id), owner_id=owner.id, cadre_id=cadre.id, on=on)
        records.begin(session, entry, "record")
        entries.add(entry, cadre.id)
    else:
        entry.on = on
        records.move(session, entry, "record")
    kind.publish(session, kind.recorded, owner, entry)
    return entry


def record_all(
    session: Session, kind: Kind, owner: Any, named: Sequence[Mapping[str, Any]], today: date, at: str = ""
) -> list[Any]:
    """Record a list of {cadre_id, day}, in its order, all or none. `at` is the list's name in the request; without
    it the list is of one, the request itself. Raises what `record` raises.
    """
    cadres = mirror.lock_all(session, (item["cadre_id"] for item in named))
    entries = Entries(session, kind, ((owner.id, cadre) for cadre in cadres.values()))
    done = []
    for index, item in enumerate(named):
        place = f"{at}/{index}/" if at else ""
        cadre = cadres.get(item["cadre_id"])
        done.append(record(session, kind, owner, cadre, item.get(kind.day), entries, today, place))
    return done


def _must_be_held(owner: Any) -> None:
    if owner.state != "held":
        shown = owner.lifecycle.states[owner.state]
        message = (
            f"这条{owner.lifecycle.label}的状态是“{shown}”，只有“{owner.lifecycle.states['held']}”的才能登记参加人员"
        )
        raise Conflicting(Violation("", "wrong-state", message), extra={"state": owner.state})


def lock_before(kind: Kind) -> Callable[[Session, Any, Any], None]:
    """Return what locks an entry's cadre and then its owner, before the entry itself."""

    def first(session: Session, entry: Any, _body: Any) -> None:
        mirror.lock(session, entry.cadre_id)
        records.lock(session, kind.owner, entry.owner_id)

    return first


def lock_cadres_of(kind: Kind) -> Callable[[Session, Any, Any], None]:
    """Return what locks, before an owner that is changed, the cadres that were there."""

    def first(session: Session, owner: Any, _body: Any) -> None:
        there = select(kind.model.cadre_id).where(kind.model.owner_id == owner.id, kind.model.state == "recorded")
        mirror.lock_all(session, session.scalars(there))

    return first


def amend(session: Session, kind: Kind, entry: Any, changes: Mapping[str, Any], reason: str, today: date) -> Any:
    """Correct the date of an entry (locked with its owner). Raises Refused, Conflicting (wrong-state)."""
    entry.lifecycle.after(entry.state, "amend")
    owner = records.get(session, kind.owner, entry.owner_id)
    changed = records.change(session, entry, changes)
    if changed:
        refuse(violations(kind, owner, entry.on, CADRES.find(session, entry.cadre_id), today))
        kind.publish(session, kind.amended, owner, entry, changed=changed, reason=reason)
        review(session, [entry.cadre_id])
    return entry


def void(session: Session, kind: Kind, entry: Any, reason: str) -> Any:
    """Void an entry: it does not count any more. Raises Conflicting (wrong-state)."""
    owner = records.get(session, kind.owner, entry.owner_id)
    set_aside(session, kind, owner, entry, reason)
    review(session, [entry.cadre_id])
    return entry


def void_all(session: Session, kind: Kind, owner: Any) -> None:
    """The entries of an owner that does not count any more fall with it."""
    entries = _of_owner(session, kind, owner, kind.model.state == "recorded")
    mirror.lock_all(session, {entry.cadre_id for entry in entries})  # most are locked already; see lock_cadres_of
    for entry in entries:
        set_aside(session, kind, owner, entry, kind.fell)
    review(session, {entry.cadre_id for entry in entries})


def set_aside(session: Session, kind: Kind, owner: Any, entry: Any, reason: str) -> None:
    """Void an entry without looking at what contradicts what."""
    records.move(session, entry, "void", reason=reason)
    kind.publish(session, kind.voided, owner, entry, reason=reason)


def follow(session: Session, kind: Kind, owner: Any, old_day: date, *, changed: Sequence[str], today: date) -> None:
    """The entries follow a correction of their owner: those on its old day move to the new one, and all of them say
    what else was `changed` and stands in their events. Raises Refused at held_on if one of them can't.
    """
    moves = old_day != owner.held_on
    counts_or_may_again = or_(kind.model.state == "recorded", kind.model.void_reason == CADRE_MERGED)
    entries = _of_owner(session, kind, owner, counts_or_may_again)
    moving = [entry for entry in entries if moves and entry.on == old_day]
    if moves:
        cadres = mirror.lock_all(session, {entry.cadre_id for entry in entries})
        refuse(_hindrances(kind, owner, entries, moving, cadres, today))
    for entry in entries:
        names = [*changed, kind.day] if entry in moving else list(changed)
        if entry in moving:
            entry.on = owner.held_on
        if not names:
            continue
        records.touch(session, entry)
        if entry.state == "recorded":
            kind.publish(session, kind.amended, owner, entry, changed=sorted(names), reason="followed")
        else:
            kind.publish(session, kind.voided, owner, entry, reason=entry.void_reason)
    review(session, {entry.cadre_id for entry in moving})


def _hindrances(
    kind: Kind, owner: Any, entries: list[Any], moving: list[Any], cadres: Mapping[str, Cadre], today: date
) -> Iterator[Violation]:
    """What keeps entries from following; what was wrong with one before is no hindrance."""
    for entry in entries:
        if entry.state != "recorded":
            continue
        day, cadre = (owner.held_on if entry in moving else entry.on), cadres.get(entry.cadre_id)
        before = {found.code for found in mirror.violations(cadre, "", entry.on, "")}
        for found in violations(kind, owner, day, cadre, today):
            if found.code not in before:
                yield replace(found, field="held_on")


def _of_owner(session: Session, kind: Kind, owner: Any, which: Any) -> list[Any]:
    query = select(kind.model).where(kind.model.owner_id == owner.id, which).order_by(kind.model.id)
    return list(session.scalars(query))
