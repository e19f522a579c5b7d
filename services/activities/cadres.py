"""The cadres as the registry's events tell of them: who is known, who is one with whom, who was living on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hongxia.events.envelope import Event
from hongxia.http.problems import Rule
from services.activities import sources
from services.activities.models import Cadre

CHUNK = 500


class People:
    """The cadres that a unit of work asks about, read at once.

    They are locked against change, so that a record made for one can't miss a merge that is under way.
    """

    def __init__(self, session: Session, wanted: Iterable[str]) -> None:
        self._cadres = find(session, wanted)
        merged = {cadre.merged_into for cadre in self._cadres.values() if cadre.merged_into}
        self._cadres |= find(session, merged - self._cadres.keys())

    def surviving(self, cadre_id: str) -> str:
        """The id under which a cadre is kept: that of the surviving record if two were merged."""
        cadre = self._cadres.get(cadre_id)
        return cadre.merged_into or cadre_id if cadre else cadre_id

    def must_know(self, cadre_id: str, pointer: str) -> Cadre:
        """The cadre. Raises Rule (unknown-cadre, cadre-merged)."""
        cadre = self._cadres.get(cadre_id)
        if cadre is None:
            raise Rule("干部名册中没有这位干部", slug="unknown-cadre", pointer=pointer)
        if cadre.merged_into:
            message = "该干部档案已并入另一档案，请使用合并后的档案"
            raise Rule(message, slug="cadre-merged", pointer=pointer, extra={"merged_into": cadre.merged_into})
        return cadre

    def must_have_lived(self, cadre_id: str, on: date, pointer: str) -> None:
        """Raises Rule (unknown-cadre, cadre-merged, cadre-deceased); on the day of death itself a cadre lived."""
        cadre = self.must_know(cadre_id, pointer)
        if cadre.deceased_on is not None and cadre.deceased_on < on:
            raise Rule("这位干部在该日期前已去世", slug="cadre-deceased", pointer=pointer)


def find(session: Session, wanted: Iterable[str], *, to_change: bool = False) -> dict[str, Cadre]:
    """Those of the cadres that there are, locked: for a change, or against one."""
    remaining = sorted(set(wanted))
    found: dict[str, Cadre] = {}
    for start in range(0, len(remaining), CHUNK):
        query = select(Cadre).where(Cadre.id.in_(remaining[start : start + CHUNK])).order_by(Cadre.id)
        found |= {cadre.id: cadre for cadre in session.scalars(query.with_for_update(read=not to_change))}
    return found


def learn(session: Session, event: Event, known: dict[str, Cadre]) -> None:
    """Take over the state that an event of the registry carries, unless something newer is known.

    `known` holds the cadres of the batch and is kept up to date. Raises Malformed.
    """
    registered_on = event.need_date("registered_on")
    deceased_on = event.need_date("deceased_on") if event.data.get("deceased_on") is not None else None
    version = event.entityversion
    cadre = known.get(event.subject)
    if cadre is None:
        cadre = known[event.subject] = Cadre(id=event.subject, merged_into=None, version=0)
        session.add(cadre)
    if version > cadre.version:
        cadre.registered_on, cadre.deceased_on, cadre.version = registered_on, deceased_on, version


def merge(session: Session, vanished: str, into: str) -> None:
    """Note that two records are of one cadre; chains of merges are kept one step long."""
    survivor = session.get(Cadre, into)
    last = survivor.merged_into or into if survivor else into
    which = (Cadre.id == vanished) | (Cadre.merged_into == vanished)
    session.execute(update(Cadre).where(which).values(merged_into=last))


def forget(session: Session, source: str) -> None:
    """Drop what was learnt, because the registry's history is read anew."""
    if source == sources.REGISTRY:
        session.execute(delete(Cadre))
