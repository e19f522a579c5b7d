"""Which cadre a record is about, and what the registry's events say of cadres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongxia.dates import away_on, lived_on
from hongxia.events.envelope import Event, Malformed
from hongxia.mirror import Mirror, cadre_state
from hongxia.records import in_parts
from hongxia.rules import Violation
from services.activities.cadres.model import Cadre

REGISTRY = "registry"


def _type(what: str) -> str:
    return f"hongxia.registry.cadre.{what}.v1"


def _merged(event: Event) -> dict[str, Any]:
    into = event.need("into", str)
    if into == event.subject:
        raise Malformed("data.into is the subject itself")
    return {**cadre_state(event), "merged_into": into}


CHANGES = (
    *("registered", "amended", "moved", "unit-changed", "rank-changed", "treatment-changed", "medical-changed"),
    *("liaison-assigned", "care-changed", "deceased", "death-withdrawn", "transferred", "merge-undone"),
)
"""Events that carry a cadre's state, which replaces what was known."""

CADRES = Mirror(Cadre, {**{_type(what): cadre_state for what in CHANGES}, _type("merged"): _merged})


def violations(cadre: Cadre | None, field: str, day: date, what: str) -> Iterator[Violation]:
    """Check that a record of a day may be about a cadre: known, registered by then, living and served. `field` holds
    the day, `what` names it in messages ("参加日期").
    """
    if cadre is None:
        yield unknown("cadre_id")
        return
    if day < cadre.registered_on:
        message = f"{what} {day} 早于该干部的登记日期 {cadre.registered_on}"
        yield Violation(field, "before-registration", message)
    if not lived_on(cadre.deceased_on, day):
        yield Violation("cadre_id", "cadre-deceased", f"该干部已于 {cadre.deceased_on} 去世，{what} {day} 在其后")
    time = away_on(cadre.away, day)
    if time is not None:
        back = f"、{time.returned_on} 转回，{what} {day} 在其间" if time.returned_on else f"，{what} {day} 在其后"
        yield Violation("cadre_id", "cadre-transferred", f"该干部已于 {time.left_on} 转出{back}")


def unknown(field: str) -> Violation:
    """Return the violation of a cadre that the register does not have."""
    return Violation(field, "unknown-cadre", "名册中没有这位干部，请先在干部名册中登记")


def lock(session: Session, cadre_id: str) -> Cadre | None:
    """Return the cadre that an id stands for today, locked: who record something about one cadre take turns."""
    return CADRES.lock(session, cadre_id)


def lock_all(session: Session, cadre_ids: Iterable[str]) -> dict[str, Cadre]:
    """Return the cadres that many ids stand for today, by the id that was asked for, locked in the order of ids."""
    wanted = set(cadre_ids)
    before: dict[str, str] = {}
    while True:
        survivors = CADRES.survivors(session)
        stands_for = {asked: survivors.get(asked, asked) for asked in wanted}
        found: dict[str, Cadre] = {}
        for part in in_parts(sorted(set(stands_for.values()))):
            query = select(Cadre).where(Cadre.id.in_(part)).order_by(Cadre.id).with_for_update()
            found.update((each.id, each) for each in session.scalars(query.execution_options(populate_existing=True)))
        # A cadre may have been merged while this waited for the lock: look again. The same answer a second time means
        # that the merges form a circle, which looking again can't resolve.
        if stands_for == before or not any(cadre.merged_into for cadre in found.values()):
            return {asked: found[cadre_id] for asked, cadre_id in stands_for.items() if cadre_id in found}
        before = stands_for


def lock_of(session: Session, record: Any, body: Any) -> None:
    """Lock the cadres of a record that is about to be changed, before the record: the present one and, if the request
    moves it to another cadre, that one too.
    """
    becomes = (body or {}).get("cadre_id") if isinstance(body, dict) else None
    lock_all(session, {each for each in (record.cadre_id, becomes) if each is not None})


def living(session: Session) -> int:
    """Return how many living cadres are known."""
    query = select(func.count()).select_from(Cadre)
    return session.scalar(query.where(Cadre.merged_into.is_(None), Cadre.deceased_on.is_(None))) or 0
