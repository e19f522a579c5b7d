"""A copy of another service's entities, kept by its events, that follows merges.

The id of a record that was merged into another one leads to the record that survives, through any chain of merges, and
leads to the record itself again when the merge is undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from hongxia import away
from hongxia.dates import away_on
from hongxia.events.dispatch import concerns
from hongxia.events.envelope import Event
from hongxia.records import in_parts


class Mirrored:
    """Mixin of the copy's table. `version` is the owner's; `merged_into` names the record that stands for this one."""

    id: Mapped[str] = mapped_column(String(36), primary_key=True, sort_order=-1)
    merged_into: Mapped[str | None] = mapped_column(String(36), index=True)
    version: Mapped[int]


class MirroredCadre(Mirrored):
    """Mixin of a copy of the registry's cadres: what every rule about the dates of a record needs to know."""

    registered_on: Mapped[date]
    deceased_on: Mapped[date | None]
    away: Mapped[away.Times] = mapped_column(away.TimesAway)

    def against(self, code: str, day: date) -> str:
        """Return the dates that forbid a record of a day, as text; `code` is the rule's that refuses it. While they and
        the day are the same, what somebody said of the contradiction holds.
        """
        if code == "cadre-transferred":
            return str(away_on(self.away, day))
        return str({"cadre-deceased": self.deceased_on, "before-registration": self.registered_on}[code])


def cadre_state(event: Event) -> dict[str, Any]:
    """Return the columns of MirroredCadre that an event of a cadre gives. Raises Malformed."""
    return {
        "registered_on": event.need_date("registered_on"),
        "deceased_on": event.may_date("deceased_on"),
        "away": away.of_event(event),
    }


M = TypeVar("M", bound=Mirrored)


@dataclass(frozen=True, slots=True)
class Person(Generic[M]):
    """One person: `cadre` is the surviving record, `ids` are its own and those that were merged into it."""

    cadre: M
    ids: frozenset[str]


Narrow = Callable[[Select[Any]], Select[Any]]


@dataclass(frozen=True)
class Mirror(Generic[M]):
    """How a copy is kept. `model` is its table. `readers` has a function for each type of event, which returns the
    values of columns that an event gives.

    An event whose type maps to None is read and changes nothing; a type that is not listed is unknown.
    """

    model: type[M]
    readers: Mapping[str, Callable[[Event], Mapping[str, Any]] | None]

    def apply(self, session: Session, events: Sequence[Event]) -> set[str]:
        """Apply events in one statement; the newest version of each entity wins.

        Return the ids that the events concern: the subjects, and all ids that stood or now stand for the same entities.
        Raises UnknownType.
        """
        newest: dict[str, dict[str, Any]] = {}
        for event in events:
            reader = self.readers[event.type] if concerns(self.readers, event.type) else None
            known = newest.get(event.subject)
            if reader is not None and (known is None or known["version"] < event.entityversion):
                newest[event.subject] = {"merged_into": None, **reader(event), **_identity(event)}
        if not newest:
            return set()
        before = self.same_entities(session, newest)
        self._upsert(session, list(newest.values()))
        return before | self.same_entities(session, newest)

    def find(self, session: Session, entity_id: str) -> M | None:
        """Return the surviving record for an id, or None if the id is unknown."""
        return session.get(self.model, self.survivors(session).get(entity_id, entity_id), populate_existing=True)

    def lock(self, session: Session, entity_id: str) -> M | None:
        """Return the surviving record for an id, locked until the end of the transaction, or None.

        Transactions that change records of one entity lock it first, so that they take turns.
        """
        before = None
        while True:
            survivor = self.survivors(session).get(entity_id, entity_id)
            record = session.get(self.model, survivor, with_for_update=True, populate_existing=True)
            # It was merged while this waited for the lock: look again. The same record a second time means that the
            # merges form a circle, which looking again can't resolve.
            if record is None or record.merged_into is None or survivor == before:
                return record
            before = survivor

    def known(self, session: Session, entity_ids: Iterable[str]) -> dict[str, M]:
        """Return the surviving records of many ids, by the id that was asked for; unknown ids are left out."""
        survivors = self.survivors(session)
        wanted = {entity_id: survivors.get(entity_id, entity_id) for entity_id in entity_ids}
        found: dict[str, M] = {}
        for part in in_parts(sorted(set(wanted.values()))):
            found.update((r.id, r) for r in session.scalars(select(self.model).where(self.model.id.in_(part))))
        return {asked: found[survivor] for asked, survivor in wanted.items() if survivor in found}

    def survivors(self, session: Session) -> dict[str, str]:
        """Return, for every record that was merged away, the one that remains at the end of the chain."""
        query = select(self.model.id, self.model.merged_into).where(self.model.merged_into.is_not(None))
        into = {merged: str(other) for merged, other in session.execute(query)}
        return {merged: _end_of_chain(into, merged) for merged in into}

    def same_entities(self, session: Session, entity_ids: Iterable[str]) -> set[str]:
        """Return all ids that stand for the same entities as the given ones, which are included."""
        survivors = self.survivors(session)
        wanted = {survivors.get(entity_id, entity_id) for entity_id in entity_ids}
        return wanted | set(entity_ids) | {merged for merged, end in survivors.items() if end in wanted}

    def people(self, session: Session, entity_ids: Iterable[str]) -> list[Person[M]]:
        """Return the persons that some ids stand for, in the order of ids; unknown ids are left out."""
        survivors = self.survivors(session)
        known = self.known(session, {survivors.get(each, each) for each in entity_ids})
        ids: dict[str, set[str]] = {cadre.id: {cadre.id} for cadre in known.values()}
        for merged, end in survivors.items():
            if end in ids:
                ids[end].add(merged)
        return [Person(known[cadre_id], frozenset(same)) for cadre_id, same in sorted(ids.items())]

    def of_entity(self, session: Session, asked: dict[str, Any]) -> Narrow:
        """Take `cadre_id` out of a list's query; return what narrows the list to all records of that cadre, whichever
        of the merged ids they hold.
        """
        cadre_id = asked.pop("cadre_id")
        if cadre_id is None:
            return lambda query: query
        same = self.same_entities(session, [cadre_id])
        return lambda query: query.where(query.column_descriptions[0]["entity"].cadre_id.in_(same))

    def clear(self, session: Session) -> None:
        """Delete the copy, before the owner's history is read from the beginning."""
        session.execute(delete(self.model))

    def _upsert(self, session: Session, states: list[dict[str, Any]]) -> None:
        table: Any = self.model.__table__  # type: ignore[attr-defined]
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        new = dialect.insert(self.model)
        values = {column.name: new.excluded[column.name] for column in table.columns if column.name != "id"}
        newer = table.c.version < new.excluded["version"]
        session.execute(new.on_conflict_do_update(index_elements=["id"], set_=values, where=newer), states)
        session.expire_all()


def ids_of(persons: Iterable[Person[Any]]) -> list[str]:
    """Return all ids of some persons, sorted."""
    return sorted({each for person in persons for each in person.ids})


def by_any_id(persons: Iterable[Person[M]]) -> dict[str, Person[M]]:
    """Return the persons by each of their ids."""
    return {each: person for person in persons for each in person.ids}


def _identity(event: Event) -> dict[str, Any]:
    return {"id": event.subject, "version": event.entityversion}


def _end_of_chain(into: Mapping[str, str], merged: str) -> str:
    seen = {merged}
    while merged in into and into[merged] not in seen:
        merged = into[merged]
        seen.add(merged)
    return merged
