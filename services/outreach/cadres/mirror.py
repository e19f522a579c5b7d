"""Which cadre a record is about, and what the registry's events say of cadres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.dates import away_on, lived_on
from hongxia.events.envelope import Event
from hongxia.mirror import Mirror, cadre_state
from hongxia.records import in_parts
from hongxia.rules import Violation
from services.outreach.cadres.model import Cadre

REGISTRY = "registry"


def _type(what: str) -> str:
    return f"hongxia.registry.cadre.{what}.v1"


def _state(event: Event) -> dict[str, Any]:
    return {
        **cadre_state(event),
        "liaison": event.may("liaison", str),
        "hardship": event.need("hardship", bool),
        "living_alone": event.need("living_alone", bool),
        "advanced_age": event.need("advanced_age", bool),
        "resettled": event.need("resettled", bool),
    }


def _merged(event: Event) -> dict[str, Any]:
    return {**_state(event), "merged_into": event.need("into", str)}


CHANGES = (
    *("registered", "amended", "moved", "unit-changed", "rank-changed", "treatment-changed", "medical-changed"),
    *("liaison-assigned", "care-changed", "deceased", "death-withdrawn", "transferred", "merge-undone"),
)
"""Events that carry a cadre's state, which replaces what was known."""

CADRES = Mirror(Cadre, {**{_type(what): _state for what in CHANGES}, _type("merged"): _merged})


STANDING = frozenset({"before-registration", "cadre-deceased", "cadre-transferred"})
"""The codes of violations that may be learnt of after the record was made, which are listed as contradictions then."""


def changed_only(found: Iterable[Violation], *, standing: bool) -> Iterator[Violation]:
    """Yield what forbids an amendment. Where neither the cadre nor the day changes (`standing` is false), what the
    register says against the record is a contradiction, open or explained, and forbids no other change.
    """
    return (each for each in found if standing or each.code not in STANDING)


def violations(
    cadre: Cadre | None,
    field: str,
    day: date,
    what: str,
    *,
    after_death: bool = False,
    before_registration: bool = False,
) -> Iterator[Violation]:
    """Check that a record of a day may be about a cadre: known, registered by then, served, and living, unless the
    record is one that may follow a death or precede the registration. `field` holds the day, `what` names it in
    messages ("走访日期").
    """
    if cadre is None:
        yield Violation("cadre_id", "unknown-cadre", "名册中没有这位干部，请先在干部名册中登记")
        return
    if day < cadre.registered_on and not before_registration:
        message = f"{what} {day} 早于该干部的登记日期 {cadre.registered_on}"
        yield Violation(field, "before-registration", message)
    if not after_death and not lived_on(cadre.deceased_on, day):
        message = f"该干部已于 {cadre.deceased_on} 去世，{what} {day} 在其后"
        yield Violation("cadre_id", "cadre-deceased", message)
    time = away_on(cadre.away, day)
    if time is not None:
        back = f"、{time.returned_on} 转回，{what} {day} 在其间" if time.returned_on else f"，{what} {day} 在其后"
        yield Violation("cadre_id", "cadre-transferred", f"该干部已于 {time.left_on} 转出{back}")


def lock_many(session: Session, cadre_ids: Iterable[str]) -> None:
    """Lock the cadres that many ids stand for, in the order of ids, until the end of the transaction."""
    asked, before = set(cadre_ids), None
    while True:
        known = CADRES.survivors(session)
        wanted = sorted({known.get(each, each) for each in asked})
        if wanted == before:
            return
        for part in in_parts(wanted):
            query = select(Cadre.id).where(Cadre.id.in_(part)).order_by(Cadre.id).with_for_update()
            session.execute(query).all()
        before = wanted  # a merge may have been applied while the locks were waited for: look again


def lock_of(session: Session, record: Any, body: Any) -> None:
    """Lock the cadres of a record that is about to be changed, before the record: the present one and, if the request
    moves it to another cadre, that one too, in the order of ids.
    """
    becomes = (body or {}).get("cadre_id") if isinstance(body, dict) else None
    known = CADRES.survivors(session)
    for cadre_id in sorted({known.get(each, each) for each in (record.cadre_id, becomes or record.cadre_id)}):
        CADRES.lock(session, cadre_id)
