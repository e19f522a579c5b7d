"""The dated history of a cadre: what held on a day, and what holds now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.records import in_parts
from hongxia.sealed import placed
from services.registry.cadres.model import Cadre
from services.registry.cadres.schema import FLAGS
from services.registry.changes.model import Change
from services.registry.changes.schema import ASPECTS, NEEDED

FIRST = 1
"""The cadre's version that registration makes; its changes begin every history."""


class History:
    """The changes of one cadre that were not withdrawn, by aspect and in the order in which they hold."""

    def __init__(self, changes: Iterable[Change]) -> None:
        standing = [change for change in changes if change.state == "recorded"]
        self.changes = sorted(standing, key=lambda change: (change.from_on, change.cadre_version))

    def of(self, aspect: str) -> list[Change]:
        """Return the changes of an aspect."""
        return [change for change in self.changes if change.aspect == aspect]

    def latest(self, aspect: str) -> Change | None:
        """Return the change that holds now."""
        return next(reversed(self.of(aspect)), None)

    def value_on(self, aspect: str, day: date) -> str | None:
        """Return what an aspect was on a day; "" where no care was needed, None where there was nothing."""
        held = [change for change in self.of(aspect) if change.from_on <= day]
        return held[-1].value if held else ("" if aspect == "care" else None)


def all_of(session: Session, cadre_ids: Collection[str]) -> dict[str, list[Change]]:
    """Return all changes of some cadres, the withdrawn ones included, by cadre and in the order of their dates."""
    found: dict[str, list[Change]] = {cadre_id: [] for cadre_id in cadre_ids}
    order = (Change.from_on, Change.cadre_version, Change.aspect)
    for part in in_parts(sorted(found)):
        for change in session.scalars(select(Change).where(Change.cadre_id.in_(part)).order_by(*order)):
            found[change.cadre_id].append(change)
    return found


def history_of(session: Session, cadre_id: str) -> History:
    """Return the history of one cadre."""
    return History(all_of(session, [cadre_id])[cadre_id])


def change_id(cadre_id: str, aspect: str, cadre_version: int) -> str:
    """Return the id of the change of an aspect that made a version of a cadre."""
    return ids.entity_id("change", cadre_id, aspect, cadre_version)


def first_changes(cadre: Cadre, documents: Mapping[str, str | None]) -> list[dict[str, Any]]:
    """Return the rows that begin the history of a cadre who is being registered; empty aspects have none."""
    values = {aspect: present(cadre, aspect) for aspect in ASPECTS}
    return [
        {
            "id": change_id(cadre.id, aspect, FIRST),
            "cadre_id": cadre.id,
            "aspect": aspect,
            "cadre_version": FIRST,
            "from_on": cadre.registered_on,
            "value": value,
            "document_no": documents.get(aspect),
            "state": "recorded",
            "void_reason": None,
            "version": 1,
            "changed_by": cadre.changed_by,
        }
        for aspect, value in values.items()
        if value or aspect in NEEDED
    ]


def begin_histories(session: Session, changes: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of `first_changes`, of as many cadres as there are, in one statement; the cadres are there."""
    session.flush()
    if changes:
        session.execute(insert(cast(Table, Change.__table__)), [placed(Change, change) for change in changes])


def flags_text(flags: Mapping[str, bool]) -> str:
    """Return the flags that are set, as a history keeps them ("hardship,living_alone")."""
    return ",".join(flag for flag in FLAGS if flags.get(flag))


def flags_of(text: str | None) -> dict[str, bool]:
    """Return all flags, those that a text lists being set."""
    listed = (text or "").split(",")
    return {flag: flag in listed for flag in FLAGS}


def present(cadre: Cadre, aspect: str) -> str | None:
    """Return what an aspect of a cadre is now."""
    if aspect == "care":
        return flags_text({flag: getattr(cadre, flag) for flag in FLAGS})
    value: str | None = getattr(cadre, aspect)
    return value


def attributes(aspect: str, value: str | None) -> dict[str, Any]:
    """Return the attributes of a cadre whose aspect has a value."""
    return dict(flags_of(value)) if aspect == "care" else {aspect: value}
