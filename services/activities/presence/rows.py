"""Attendance and checks as rows of a workbook: the number of the session or batch, and the cadre's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hongxia import ids, records
from hongxia.workbook.cadres import cadre_id, cadre_of, lock_named
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import Loading
from services.activities.cadres.mirror import CADRES
from services.activities.presence.rules import Entries, Kind, record
from services.activities.rows import ActivityRows


class PresenceRows(ActivityRows):
    """Each row is an entry, on the day of its owner. A row is done for the person that its number stands for today."""

    kind: ClassVar[Kind]
    number: ClassVar[str]
    """The column with the owner's number."""

    remedy = "请在系统中重新登记后再导入，或从表中删去这一行"

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Read cadres, owners and the entries that there are."""
        lock_named(loading, CADRES, rows)
        owner_ids = {self._owner_id(loading, row) for row in rows}
        owners = records.by_ids(loading.session, self.kind.owner, owner_ids)  # locked by their own sheet
        pairs = ((self._owner_id(loading, row), cadre) for row in rows if (cadre := cadre_of(loading, row)) is not None)
        entries = Entries(loading.session, self.kind, pairs)
        loading.shared[self.sheet.name] = owners, entries

    def record_id(self, loading: Loading, row: Row) -> str:
        """Return the id of the person's entry: one that counts if there is one, whichever number it is under."""
        _, entries = loading.shared[self.sheet.name]
        owner_id, named, cadre = self._owner_id(loading, row), cadre_id(row), cadre_of(loading, row)
        survivor = cadre.id if cadre is not None else str(named)
        there = entries.standing(owner_id, survivor)
        return str(there.id) if there is not None else self.kind.id_of(owner_id, survivor)

    def make(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Any:
        """Record the entry. A row whose owner could not be recorded is left out: the owner's row says why."""
        owners, entries = loading.shared[self.sheet.name]
        owner = owners.get(self._owner_id(loading, row))
        if owner is None:
            return None
        return record(loading.session, self.kind, owner, cadre_of(loading, row), None, entries, loading.today)

    def _owner_id(self, loading: Loading, row: Row) -> str:
        return ids.entity_id(self.kind.owner.lifecycle.thing, loading.year, str(row.values[self.number]))
