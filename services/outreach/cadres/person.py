"""Persons: a surviving record of the register with all the ids that stand for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre


@dataclass(frozen=True, slots=True)
class Person:
    """One person: `cadre` is the surviving record, `ids` are its own and those that were merged into it."""

    cadre: Cadre
    ids: frozenset[str]


def people(session: Session, cadre_ids: Iterable[str]) -> list[Person]:
    """Return the persons that some ids stand for, in the order of ids; ids that the copy does not have are left out."""
    survivors = CADRES.survivors(session)
    known = CADRES.known(session, {survivors.get(each, each) for each in cadre_ids})
    ids: dict[str, set[str]] = {cadre.id: {cadre.id} for cadre in known.values()}
    for merged, end in survivors.items():
        if end in ids:
            ids[end].add(merged)
    return [Person(known[cadre_id], frozenset(same)) for cadre_id, same in sorted(ids.items())]


def ids_of(persons: Sequence[Person]) -> list[str]:
    """Return all ids of some persons, sorted."""
    return sorted({each for person in persons for each in person.ids})


def by_any_id(persons: Sequence[Person]) -> Mapping[str, Person]:
    """Return the persons by each of their ids."""
    return {each: person for person in persons for each in person.ids}
