"""Rows of workbooks that name a cadre by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hongxia import ids
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import Loading, SheetRows
from services.outreach.cadres import review
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre

_KNOWN = "cadres"


class CadreRows(SheetRows):
    """Base of the sheets whose rows are about a cadre: the number in a row becomes the id of the surviving cadre."""

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Read the cadres that the rows name."""
        review.collect(loading.session)
        named = {cadre_id(row) for row in rows}
        known: dict[str, Cadre] = loading.shared.setdefault(_KNOWN, {})
        for asked, cadre in CADRES.known(loading.session, named - known.keys()).items():
            known[asked] = known[cadre.id] = cadre

    def values(self, loading: Loading, row: Row) -> dict[str, Any]:
        """Return the row's values, with the id of the cadre that the number stands for today."""
        values = super().values(loading, row)
        cadre = loading.shared[_KNOWN].get(cadre_id(row))
        return {**values, "cadre_id": cadre.id if cadre is not None else cadre_id(row)}

    def cadre(self, loading: Loading, values: dict[str, Any]) -> Cadre | None:
        """Return the cadre of a row's values, or None if the register does not have the number."""
        found: Cadre | None = loading.shared[_KNOWN].get(values["cadre_id"])
        return found


def cadre_id(row: Row) -> str:
    """Return the id that the registry gives the cadre with the number in a row."""
    return ids.entity_id("cadre", str(row.values["cadre_id"]))
