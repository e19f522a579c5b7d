"""Suggestions as a sheet of the workbook 走访联络."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hongxia import ids
from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Figure, Finding, Row, Sheet
from hongxia.workbook.reconcile import Loading, SheetRows
from services.outreach.suggestions import rules
from services.outreach.suggestions.model import Suggestion
from services.outreach.suggestions.schema import SuggestionSchema

SHEET = Sheet(
    title_zh="意见建议",
    name="suggestions",
    key=("suggestion_no",),
    key_year="received_on",
    help_zh="“有呼必应”收到的意见建议，一条一行。上年度收到、本年度办结的，照原编号和收到日期再填一行，并填办结日期。",
    help_en="Requests and suggestions received (有呼必应), one row each. One that was received in an earlier year and "
    "resolved in this one is a row again, with its number and date of receipt, and with its `办结日期`.",
    columns=(
        number("意见编号", "suggestion_no", "YJ-001", "收到的年度内不重复。"),
        *columns_of(SuggestionSchema),
    ),
    figures=(
        Figure(
            "outreach.suggestions.received",
            "“有呼必应”收集意见建议",
            "Number of rows received in the year.",
            rule_zh="本年度收到的行数。",
        ),
        Figure(
            "outreach.suggestions.resolved_rate",
            "意见建议办结率",
            "Rows received in the year with a `办结日期` in it, divided by all rows received in the year.",
            rule_zh="本年度收到、有`办结日期`的行数除以本年度收到的总行数。",
        ),
    ),
)


def resolved_after_receipt(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    """Check that what is resolved was received before."""
    for row in sheets["suggestions"]:
        received, resolved = row.values["received_on"], row.values["resolved_on"]
        if resolved and str(resolved) < str(received):
            message = f"办结日期 {resolved} 早于收到日期 {received}"
            yield Finding("suggestions", row.number, "resolved_on", message)


_FOUND = "outreach.suggestions"


class SuggestionRows(SheetRows):
    """Each row is a suggestion. It goes on through the year, and into the next: the date of resolution comes later."""

    sheet = SHEET
    model = Suggestion
    continues = frozenset({"resolved_on"})

    def record_id(self, loading: Loading, row: Row) -> str:
        """Return the id made of the number and the year of receipt, whichever year's workbook has the row."""
        received: Any = row.values["received_on"]
        return ids.entity_id("suggestion", received.year, str(row.values["suggestion_no"]))

    def kept(self, loading: Loading, wanted: Iterable[str]) -> dict[str, Any]:
        """Return the records that exist, by id."""
        found = super().kept(loading, wanted)
        loading.shared[_FOUND] = found
        return found

    def values(self, loading: Loading, row: Row) -> dict[str, Any]:
        """Return the row's values. That a row is open says nothing against a resolution in a later year."""
        values = super().values(loading, row)
        known = loading.shared.get(_FOUND, {}).get(self.record_id(loading, row))
        later = known is not None and known.resolved_on is not None and known.resolved_on.year > loading.year
        return {**values, "resolved_on": known.resolved_on} if later and values["resolved_on"] is None else values

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Suggestion:
        """Record the suggestion, and its resolution."""
        rules.must_be_of_year(values, loading.year)
        resolved_on = values.pop("resolved_on")
        suggestion = rules.receive(loading.session, record_id, values, loading.today, loading.confirmed)
        if resolved_on is not None:
            rules.resolve(loading.session, suggestion, resolved_on, loading.today)
        return suggestion

    def amend(self, loading: Loading, record: Suggestion, changes: dict[str, Any], row: Row) -> None:
        """Amend the suggestion; a date of resolution that was empty is its resolution."""
        resolved_on = changes.pop("resolved_on") if record.resolved_on is None and "resolved_on" in changes else None
        if changes:
            rules.amend(loading.session, record, changes, "workbook", loading.today)
        if resolved_on is not None:
            rules.resolve(loading.session, record, resolved_on, loading.today)
