"""Many records at once, by their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.outreach.models import AidCase, Cadre, Contact, Suggestion, Visit

IDS_A_QUERY = 1000

M = TypeVar("M", Cadre, Visit, Contact, AidCase, Suggestion)


def in_parts(wanted: Iterable[str]) -> Iterator[list[str]]:
    """Ids in lists that a query can take."""
    left = list(wanted)
    for start in range(0, len(left), IDS_A_QUERY):
        yield left[start : start + IDS_A_QUERY]


def by_id(session: Session, model: type[M], wanted: Iterable[str]) -> dict[str, M]:
    """Those of the records that there are, by id."""
    found: dict[str, M] = {}
    for some in in_parts(wanted):
        found.update((record.id, record) for record in session.scalars(select(model).where(model.id.in_(some))))
    return found
