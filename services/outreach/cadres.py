"""The cadres as the registry's events tell them: outreach's own table, kept by the newest version of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event
from hongxia.http.problems import Rule
from services.outreach.lookup import by_id
from services.outreach.models import Cadre
from services.outreach.sources import CADRE_MERGED, CADRE_STATES, REGISTRY

POINTER = "#/cadre_id"


def objections(cadre: Cadre | None) -> Iterator[Rule]:
    """Of a cadre that a record names: known, and not merged into another."""
    if cadre is None:
        yield Rule("名册中没有这位干部", slug="unknown-cadre", pointer=POINTER)
    elif cadre.merged_into:
        message = "该干部档案已并入另一档案，请使用合并后的档案"
        yield Rule(message, slug="cadre-merged", pointer=POINTER, extra={"merged_into": cadre.merged_into})


def deceased_before(cadre: Cadre, on: date) -> bool:
    """Whether the cadre had died before that day; the day of death itself still counts as living."""
    return cadre.deceased_on is not None and cadre.deceased_on < on


def find(session: Session, cadre_id: str) -> Cadre | None:
    """A cadre, or None."""
    return session.get(Cadre, cadre_id)


def locked(session: Session, cadre_id: str) -> Cadre | None:
    """The same, with the row locked: two who record something for one cadre take turns."""
    return session.get(Cadre, cadre_id, with_for_update=True, populate_existing=True)


def known(session: Session, cadre_ids: Collection[str]) -> dict[str, Cadre]:
    """Those of many that are known, by id."""
    return by_id(session, Cadre, cadre_ids)


def same_person(session: Session) -> dict[str, str]:
    """For every record that was merged away the one that remains, at the end of however many merges."""
    query = select(Cadre.id, Cadre.merged_into).where(Cadre.merged_into.is_not(None))
    into = {merged: str(other) for merged, other in session.execute(query)}
    return {merged: _last(into, merged) for merged in into}


def _last(into: Mapping[str, str], merged: str) -> str:
    seen = {merged}
    while merged in into and into[merged] not in seen:
        merged = into[merged]
        seen.add(merged)
    return merged


def take(session: Session, events: Sequence[Event]) -> None:
    """Apply events of the registry, in one statement: a cadre's newest state, unless a newer one is there already."""
    newest: dict[str, dict[str, Any]] = {}

    def note(_session: Session, event: Event) -> None:
        state = _state(event)
        if event.subject not in newest or newest[event.subject]["version"] < state["version"]:
            newest[event.subject] = state

    dispatch(session, events, dict.fromkeys(CADRE_STATES, note), ignored=())
    if newest:
        _upsert(session, list(newest.values()))


def _state(event: Event) -> dict[str, Any]:
    return {
        "id": event.subject,
        "registered_on": event.need_date("registered_on"),
        "deceased_on": None if event.may("deceased_on", str) is None else event.need_date("deceased_on"),
        "liaison": event.may("liaison", str),
        "advanced_age": event.need("advanced_age", bool),
        "hardship": event.need("hardship", bool),
        "living_alone": event.need("living_alone", bool),
        "resettled": event.need("resettled", bool),
        "merged_into": event.need("into", str) if event.type == CADRE_MERGED else None,
        "version": event.entityversion,
    }


def _upsert(session: Session, states: list[dict[str, Any]]) -> None:
    table = Cadre.__table__
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(Cadre)
    values = {column.name: new.excluded[column.name] for column in table.columns if column.name != "id"}
    newer = new.on_conflict_do_update(
        index_elements=["id"], set_=values, where=table.c.version < new.excluded["version"]
    )
    session.execute(newer, states)


def forget(session: Session, source: str) -> None:
    """Drop what was learnt from the registry, because its history is read anew."""
    if source == REGISTRY:
        session.execute(delete(Cadre))
