"""Rows of workbooks that name a cadre by number."""

from __future__ import annotations

from collections.abc import Sequence

from hongxia import ids
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import Loading
from services.activities.cadres import mirror
from services.activities.cadres.model import Cadre

_KNOWN = "cadres"


def cadre_id(row: Row) -> str | None:
    """Return the id that the registry gives the cadre with the number in a row; None if there is no number."""
    number = row.values["cadre_id"]
    return ids.entity_id("cadre", str(number)) if number is not None else None


def lock_named(loading: Loading, rows: Sequence[Row]) -> None:
    """Lock the cadres that some rows name, so that no merge and no death is missed meanwhile."""
    named = {each for row in rows if (each := cadre_id(row)) is not None}
    known = loading.shared.setdefault(_KNOWN, {})
    known.update(mirror.lock_all(loading.session, named - known.keys()))


def cadre_of(loading: Loading, row: Row) -> Cadre | None:
    """Return the cadre that a row's number stands for today, or None if the register does not have the number."""
    found: Cadre | None = loading.shared[_KNOWN].get(cadre_id(row))
    return found
