"""What the rows of all sheets of activities have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from sqlalchemy import select

from hongxia import records
from hongxia.records import in_parts
from hongxia.rules import Conflicting, Violation
from hongxia.workbook.declare import Row
from hongxia.workbook.history import imported_row
from hongxia.workbook.reconcile import Loading, SheetRows
from services.activities.presence.model import CADRE_MERGED

_DROPPED = ("voided", "withdrawn")


class ActivityRows(SheetRows):
    """Base of the sheets: records are locked, and one that was voided before its row came is not the row's."""

    remedy: ClassVar[str] = "请换一个编号登记，或从表中删去这一行"

    def kept(self, loading: Loading, wanted: Iterable[str]) -> dict[str, Any]:
        """Return the records that exist, by id, but for those that were voided and never imported."""
        found = records.by_ids(loading.session, self.model, wanted, locked=True)
        dropped = {
            record_id: record
            for record_id, record in found.items()
            if record.state in _DROPPED and record.void_reason != CADRE_MERGED
        }
        for part in in_parts(sorted(dropped)):
            imported = select(imported_row.c.record_id).where(imported_row.c.record_id.in_(part))
            for record_id in loading.session.scalars(imported):
                dropped.pop(record_id, None)
        loading.shared[f"dropped {self.sheet.name}"] = dropped
        return {record_id: record for record_id, record in found.items() if record_id not in dropped}

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Any:
        """Make the record. Raises Refusal, also if somebody has voided what the row says."""
        dropped = loading.shared[f"dropped {self.sheet.name}"].get(record_id)
        if dropped is not None:
            label, state = dropped.lifecycle.label, dropped.lifecycle.states[dropped.state]
            message = f"系统中的这条{label}{state}；确应计入的，{self.remedy}"
            raise Conflicting(Violation(self.sheet.key[-1], "dropped-in-system", message))
        return self.make(loading, record_id, values, row)

    def make(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Any:
        """Make the record that is new. Raises Refusal."""
        raise NotImplementedError
