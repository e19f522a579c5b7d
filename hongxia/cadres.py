"""The registry's cadres as other services keep them: a copy without names that follows merges, and the rules for a
record that is about a cadre.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from sqlalchemy.orm import Mapped, mapped_column

from hongxia import away
from hongxia.dates import away_on, lived_on
from hongxia.events.envelope import Event, Malformed
from hongxia.mirror import Mirror, Mirrored
from hongxia.rules import Violation

REGISTRY = "registry"

CHANGES = (
    *("registered", "amended", "moved", "unit-changed", "rank-changed", "treatment-changed", "medical-changed"),
    *("liaison-assigned", "care-changed", "deceased", "death-withdrawn", "transferred", "merge-undone"),
)
"""Events that carry a cadre's state, which replaces what was known."""


class CadreColumns(Mirrored):
    """Mixin of a service's copy of the cadres: what every rule about the dates of a record needs to know."""

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


C = TypeVar("C", bound=CadreColumns)


def mirror_of_cadres(model: type[C], more: Callable[[Event], Mapping[str, Any]] = lambda _event: {}) -> Mirror[C]:
    """Return the mirror of the registry's cadres in a table; `more` reads what the table keeps beyond CadreColumns."""

    def state(event: Event) -> dict[str, Any]:
        return {
            "registered_on": event.need_date("registered_on"),
            "deceased_on": event.may_date("deceased_on"),
            "away": away.of_event(event),
            **more(event),
        }

    def merged(event: Event) -> dict[str, Any]:
        into = event.need("into", str)
        if into == event.subject:
            raise Malformed("data.into is the subject itself")
        return {**state(event), "merged_into": into}

    return Mirror(model, {**{_type(what): state for what in CHANGES}, _type("merged"): merged})


def _type(what: str) -> str:
    return f"hongxia.registry.cadre.{what}.v1"


def cadre_violations(
    cadre: CadreColumns | None,
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
        yield unknown_cadre()
        return
    if day < cadre.registered_on and not before_registration:
        message = f"{what} {day} 早于该干部的登记日期 {cadre.registered_on}；登记日期有误的，请先在干部名册中更正"
        yield Violation(field, "before-registration", message)
    if not after_death and not lived_on(cadre.deceased_on, day):
        message = f"该干部已于 {cadre.deceased_on} 去世，{what} {day} 在其后；去世日期有误的，请先在干部名册中更正"
        yield Violation("cadre_id", "cadre-deceased", message)
    time = away_on(cadre.away, day)
    if time is not None and time.returned_on is not None:
        message = f"该干部已于 {time.left_on} 转出、{time.returned_on} 转回，{what} {day} 在其间"
        yield Violation("cadre_id", "cadre-transferred", f"{message}；日期有误的，请先在干部名册中更正调转")
    elif time is not None:
        message = f"该干部已于 {time.left_on} 转出，{what} {day} 在其后；已转回的，请先在干部名册中登记转回"
        yield Violation("cadre_id", "cadre-transferred", message)


STANDING = frozenset({"before-registration", "cadre-deceased", "cadre-transferred"})
"""The codes of violations that may be learnt of after the record was made, which are listed as contradictions then."""


def changed_only(found: Iterable[Violation], *, standing: bool) -> Iterator[Violation]:
    """Yield what forbids an amendment. Where neither the cadre nor the day changes (`standing` is false), what the
    register says against the record is a contradiction, open or explained, and forbids no other change.
    """
    return (each for each in found if standing or each.code not in STANDING)


def unknown_cadre() -> Violation:
    """Return the violation of a cadre that the register does not have."""
    return Violation("cadre_id", "unknown-cadre", "名册中没有这位干部，请先在干部名册中登记")
