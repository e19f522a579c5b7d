"""What a merge of cadres means for those who were there, and what becomes of it when the merge is undone.

Entries keep the id that they were recorded under. Where a person now has two at one owner, the second is set aside:
voided with a reason of its own, so that the person counts once. When the merge is undone, it is alone again, and is
recorded again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.records import in_parts
from services.activities.cadres.mirror import CADRES
from services.activities.presence.model import CADRE_MERGED
from services.activities.presence.rules import Kind, set_aside


def settle(session: Session, kind: Kind, cadre_ids: Collection[str]) -> None:
    """See that each of these persons (locked by the caller) counts once at each owner."""
    survivors = CADRES.survivors(session)
    concerned = _concerned(session, kind, cadre_ids, survivors)
    owner_ids: set[str] = set()
    for part in in_parts(concerned):
        owner_ids.update(session.scalars(select(kind.model.owner_id).where(kind.model.cadre_id.in_(part))))
    owners = records.by_ids(session, kind.owner, owner_ids, locked=True)
    persons: dict[tuple[str, str], list[Any]] = {}
    for part in in_parts(concerned):
        query = select(kind.model).where(kind.model.cadre_id.in_(part)).order_by(kind.model.id)
        for entry in session.scalars(query):
            persons.setdefault((entry.owner_id, survivors.get(entry.cadre_id, entry.cadre_id)), []).append(entry)
    for (owner_id, survivor), entries in sorted(persons.items()):
        if owner_id in owners:
            _settle(session, kind, owners[owner_id], survivor, entries)


def _concerned(session: Session, kind: Kind, cadre_ids: Collection[str], survivors: Mapping[str, str]) -> list[str]:
    """Return those of the ids that stand for a person with several, or have entries that were set aside."""
    several = {*survivors, *survivors.values()}.intersection(cadre_ids)
    for part in in_parts(sorted(cadre_ids)):
        aside = select(kind.model.cadre_id).where(kind.model.cadre_id.in_(part), kind.model.void_reason == CADRE_MERGED)
        several.update(session.scalars(aside))
    return sorted(several)


def _settle(session: Session, kind: Kind, owner: Any, survivor: str, entries: list[Any]) -> None:
    """Of a person's entries at an owner the surviving number's counts, or else the earliest. What somebody voided is
    not brought back by another entry that was set aside beside it.
    """
    ordered = sorted(entries, key=lambda entry: (entry.cadre_id != survivor, entry.on, entry.id))
    standing = [entry for entry in ordered if entry.state == "recorded"]
    for entry in standing[1:]:
        set_aside(session, kind, owner, entry, CADRE_MERGED)
    if not standing and owner.state == "held" and all(entry.void_reason == CADRE_MERGED for entry in entries):
        records.move(session, ordered[0], "record")
        kind.publish(session, kind.recorded, owner, ordered[0])
