"""Works as a sheet of the workbook 活动学习."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hongxia.workbook.cadres import cadre_id, cadre_of, lock_named
from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Figure, Row, Sheet
from hongxia.workbook.reconcile import Loading
from services.activities.cadres.mirror import CADRES
from services.activities.rows import ActivityRows
from services.activities.works import rules
from services.activities.works.model import Work
from services.activities.works.schema import WorkSchema

SHEET = Sheet(
    title_zh="作品",
    name="works",
    key=("work_no",),
    help_zh="收到的作品，一件一行。",
    help_en="Works received, one row each.",
    columns=(number("作品编号", "work_no", "ZP-0001"), *columns_of(WorkSchema)),
    figures=(
        Figure(
            "activities.works.poems_call",
            "征文活动诗词",
            "Rows with `体裁` 诗词 and a `征集活动`, whatever its name.",
            rule_zh=("`体裁`为诗词且填有`征集活动`的行数，不论活动名称。"),
        ),
        Figure(
            "activities.works.essays_call",
            "征文活动征文",
            "Rows with `体裁` 征文 and a `征集活动`, whatever its name.",
            rule_zh=("`体裁`为征文且填有`征集活动`的行数，不论活动名称。"),
        ),
        Figure(
            "activities.reflections",
            "学习交流心得",
            "Rows with `体裁` 学习心得, with a `征集活动` or without.",
            rule_zh=("`体裁`为学习心得的行数，不论是否填有`征集活动`。"),
        ),
        Figure(
            "activities.works.art",
            "创作诗词书画作品",
            "Rows with `体裁` 诗词, 书法 or 绘画 and an empty `征集活动`.",
            rule_zh=("`体裁`为诗词、书法或绘画且`征集活动`为空的行数。"),
        ),
    ),
)


class WorkRows(ActivityRows):
    """Each row is a work."""

    sheet = SHEET
    model = Work

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Read the authors, and who was merged into whom."""
        lock_named(loading, CADRES, rows)
        loading.shared["survivors"] = CADRES.survivors(loading.session)

    def kept(self, loading: Loading, wanted: Iterable[str]) -> dict[str, Any]:
        """Return the works that exist, by id."""
        found = loading.shared["works"] = super().kept(loading, wanted)
        return found

    def values(self, loading: Loading, row: Row) -> dict[str, Any]:
        """Return the row's values, with the id of the author: the one that the work has if it is the same person."""
        cadre, work = cadre_of(loading, row), loading.shared["works"].get(self.record_id(loading, row))
        author = cadre.id if cadre is not None else cadre_id(row)
        if work is not None and loading.shared["survivors"].get(work.cadre_id, work.cadre_id) == author:
            author = work.cadre_id
        return {**super().values(loading, row), "cadre_id": author}

    def make(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Work:
        """Record the work."""
        values |= {"work_no": row.values["work_no"], "by_family": False}
        cadre = cadre_of(loading, row)
        return rules.record(loading.session, record_id, values, cadre, loading.today, loading.confirmed)

    def amend(self, loading: Loading, record: Work, changes: dict[str, Any], row: Row) -> None:
        """Amend the work."""
        rules.amend(loading.session, record, changes, "workbook", loading.today, loading.confirmed)
