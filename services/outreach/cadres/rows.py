"""Rows of workbooks that name a cadre by number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import object_session

from hongxia.workbook.cadres import cadre_id, lock_cadres, lock_named
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import Loading, SheetRows
from services.outreach.cadres import review
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre

_KNOWN = "outreach.cadres"


class CadreRows(SheetRows):
    """Base of the sheets whose rows are about a cadre: the number in a row becomes the id of the surviving cadre."""

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Lock and read the cadres that the rows name."""
        review.collect(loading.session)
        loading.session.info[_KNOWN] = lock_named(loading, CADRES, rows)

    def values(self, loading: Loading, row: Row) -> dict[str, Any]:
        """Return the row's values, with the id of the cadre that the number stands for today."""
        named = cadre_id(row)
        cadre = loading.session.info[_KNOWN].get(named)
        return {**super().values(loading, row), "cadre_id": cadre.id if cadre is not None else named}

    def kept(self, loading: Loading, wanted: Iterable[str]) -> dict[str, Any]:
        """Return the records that exist; lock and read their cadres, which may be others than those in the rows."""
        found = super().kept(loading, wanted)
        lock_cadres(loading, CADRES, {record.cadre_id for record in found.values()})
        return found

    def shown(self, record: Any, names: Iterable[str]) -> dict[str, Any]:
        """Return what a row of the record would say now; its cadre is the surviving one."""
        shown = super().shown(record, names)
        if "cadre_id" in shown:
            session = object_session(record)
            known: dict[str, Cadre] = session.info.get(_KNOWN, {}) if session is not None else {}
            cadre = known.get(record.cadre_id)
            shown["cadre_id"] = cadre.id if cadre is not None else record.cadre_id
        return shown

    def cadre(self, loading: Loading, values: dict[str, Any]) -> Cadre | None:
        """Return the cadre of a row's values, or None if the register does not have the number."""
        found: Cadre | None = loading.session.info[_KNOWN].get(values["cadre_id"])
        return found


def finish(loading: Loading) -> None:
    """Review, once all rows are in, what depends on the cadres that they are about."""
    review.review_collected(loading.session, loading.today)
