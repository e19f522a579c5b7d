"""Rows of workbooks that name a cadre by number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hongxia import ids
from hongxia.mirror import Mirror
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import Loading

_CADRES = "cadres"


def cadre_id(row: Row) -> str | None:
    """Return the id that the registry gives the cadre with the number in a row; None if there is no number."""
    number = row.values["cadre_id"]
    return ids.entity_id("cadre", str(number)) if number is not None else None


def lock_cadres(loading: Loading, mirror: Mirror[Any], cadre_ids: Iterable[str]) -> dict[str, Any]:
    """Lock the cadres that some ids stand for today, so that no merge and no death is missed meanwhile; return all
    that the import has locked, by the ids that were asked for and by their own.
    """
    known: dict[str, Any] = loading.shared.setdefault(_CADRES, {})
    for asked, cadre in mirror.lock_all(loading.session, set(cadre_ids) - known.keys()).items():
        known[asked] = known[cadre.id] = cadre
    return known


def lock_named(loading: Loading, mirror: Mirror[Any], rows: Iterable[Row]) -> dict[str, Any]:
    """Lock the cadres that some rows name; return what `lock_cadres` returns."""
    return lock_cadres(loading, mirror, {each for row in rows if (each := cadre_id(row)) is not None})


def cadre_of(loading: Loading, row: Row) -> Any:
    """Return the cadre that a row's number stands for today, or None if the register does not have the number."""
    return loading.shared[_CADRES].get(cadre_id(row))
