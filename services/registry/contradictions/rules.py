"""What contradicts what in the register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.contradictions import Found
from hongxia.dates import lived_on
from hongxia.mirror import ends_of
from hongxia.records import in_parts
from services.registry.cadres.find import merges
from services.registry.cadres.model import Cadre
from services.registry.changes.history import FIRST, all_of
from services.registry.changes.model import Change
from services.registry.contradictions.model import CONTRADICTIONS
from services.registry.transfers.model import Transfer


def review(session: Session, cadre_ids: Iterable[str]) -> set[str]:
    """Hold what the records of some cadres say against one another, and publish what is new and what is gone. Return
    the ids of all cadres that are concerned: these, and those that stand for them.
    """
    ends = ends_of(merges(session))
    concerned = {end for cadre_id in cadre_ids for end in (cadre_id, ends.get(cadre_id, cadre_id))}
    standing = [cadre for cadre in records.by_ids(session, Cadre, concerned).values() if cadre.merged_into is None]
    ids = [cadre.id for cadre in standing]
    changes, transfers = all_of(session, ids), _transfers(session, ids)
    below: dict[str, list[Cadre]] = {cadre_id: [] for cadre_id in ids}
    for cadre in records.by_ids(session, Cadre, (merged for merged, end in ends.items() if end in below)).values():
        below[ends[cadre.id]].append(cadre)
    found = [each for cadre in standing for each in _of(cadre, changes[cadre.id], transfers[cadre.id], below[cadre.id])]
    CONTRADICTIONS.review(session, concerned, found)
    return concerned


def _transfers(session: Session, cadre_ids: Sequence[str]) -> dict[str, list[Transfer]]:
    found: dict[str, list[Transfer]] = {cadre_id: [] for cadre_id in cadre_ids}
    for part in in_parts(sorted(found)):
        query = select(Transfer).where(Transfer.cadre_id.in_(part), Transfer.state != "voided")
        for transfer in session.scalars(query):
            found[transfer.cadre_id].append(transfer)
    return found


def _of(
    cadre: Cadre, changes: Iterable[Change], transfers: Sequence[Transfer], merged: Iterable[Cadre]
) -> Iterator[Found]:
    for change in changes:
        if change.state == "recorded" and change.cadre_version != FIRST:
            yield from _of_change(cadre, change, transfers)
    for transfer in transfers:
        last = transfer.returned_on or transfer.left_on
        if not lived_on(cadre.deceased_on, last):
            yield Found("transfer-after-death", cadre.id, "transfers", transfer.id, last)
    for other in merged:
        if other.registered_on < cadre.registered_on:
            yield Found("merged-registered-earlier", cadre.id, "cadres", other.id, other.registered_on, cadre.id)
        if other.deceased_on is not None and other.deceased_on != cadre.deceased_on:
            yield Found("merged-death-differs", cadre.id, "cadres", other.id, other.deceased_on, cadre.id)


def _of_change(cadre: Cadre, change: Change, transfers: Iterable[Transfer]) -> Iterator[Found]:
    if not lived_on(cadre.deceased_on, change.from_on):
        yield Found("change-after-death", cadre.id, "changes", change.id, change.from_on)
    for transfer in transfers:
        if transfer.covers(change.from_on):
            yield Found("change-while-away", cadre.id, "changes", change.id, change.from_on, transfer.id)
