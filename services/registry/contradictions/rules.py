"""What contradicts what in the register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.contradictions import Found
from hongxia.dates import away_on, first_day_beyond, lived_on
from hongxia.records import in_parts
from services.registry.cadres.model import Cadre
from services.registry.changes.history import FIRST, all_of
from services.registry.changes.model import Change
from services.registry.contradictions.model import CONTRADICTIONS
from services.registry.transfers.model import Transfer


def review(session: Session, cadre_ids: Iterable[str]) -> set[str]:
    """Hold what the records of some cadres say against one another, and publish what is new and what is gone. Return
    the ids of all cadres that are concerned: these, and those that stand for them.
    """
    merged = {cadre.id: cadre for cadre in session.scalars(select(Cadre).where(Cadre.merged_into.is_not(None)))}
    concerned = {end for cadre_id in cadre_ids for end in (cadre_id, _end(merged, cadre_id))}
    standing = [cadre for cadre in records.by_ids(session, Cadre, concerned).values() if cadre.merged_into is None]
    ids = [cadre.id for cadre in standing]
    changes, transfers = all_of(session, ids), _transfers(session, ids)
    below: dict[str, list[Cadre]] = {cadre_id: [] for cadre_id in ids}
    for cadre in merged.values():
        below.get(_end(merged, cadre.id), []).append(cadre)
    found = [each for cadre in standing for each in _of(cadre, changes[cadre.id], transfers[cadre.id], below[cadre.id])]
    CONTRADICTIONS.review(session, concerned, found)
    return concerned


def _end(merged: Mapping[str, Cadre], cadre_id: str) -> str:
    while cadre_id in merged:
        cadre_id = str(merged[cadre_id].merged_into)
    return cadre_id


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
            yield Found("transfer-after-death", cadre.id, "transfers", transfer.id, last, None, str(cadre.deceased_on))
    for other in merged:
        yield from _of_merged(cadre, other)


def _of_merged(cadre: Cadre, other: Cadre) -> Iterator[Found]:
    """What a record says that another one which stands for it does not."""

    def found(kind: str, on: date, against: object) -> Found:
        return Found(kind, cadre.id, "cadres", other.id, on, cadre.id, str(against))

    if other.registered_on < cadre.registered_on:
        yield found("merged-registered-earlier", other.registered_on, cadre.registered_on)
    if other.deceased_on is not None and other.deceased_on != cadre.deceased_on:
        yield found("merged-death-differs", other.deceased_on, cadre.deceased_on)
    beyond = first_day_beyond(other.away, cadre.away, cadre.registered_on, cadre.deceased_on)
    if beyond is not None:
        yield found("merged-away-differs", beyond, away_on(other.away, beyond))


def _of_change(cadre: Cadre, change: Change, transfers: Iterable[Transfer]) -> Iterator[Found]:
    if not lived_on(cadre.deceased_on, change.from_on):
        yield Found("change-after-death", cadre.id, "changes", change.id, change.from_on, None, str(cadre.deceased_on))
    for transfer in transfers:
        if away_on([transfer.time], change.from_on):
            against = str(transfer.time)
            yield Found("change-while-away", cadre.id, "changes", change.id, change.from_on, transfer.id, against)
