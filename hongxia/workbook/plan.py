"""What an import does, or would do: the plan that a dry run shows and that somebody confirms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hongxia.datakeys import KeyRing
from hongxia.schema.fields import yuan
from hongxia.workbook.declare import Column, Kind

HIDDEN = "（不显示）"
"""Stands for a value of a private column."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A cell that says something else than when it was imported; both values as a person reads them.

    `exact` is a digest of both values as they are, so that values that are not shown count in the plan's digest.
    """

    sheet: str
    row: int
    key: str
    column: str
    before: str
    after: str
    exact: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A row that may be a mistake; `message` says why. `exact` is a digest of the row as it is."""

    sheet: str
    row: int
    code: str
    message: str
    key: str = ""
    exact: str = field(default="", repr=False)


@dataclass(slots=True)
class Counts:
    """What was done with the rows of a sheet."""

    created: int = 0
    unchanged: int = 0
    continued: int = 0
    changed: int = 0


@dataclass(slots=True)
class Plan:
    """What an import does, or would do.

    `missing` are rows, by sheet and key, that came with the same file before and are not in it now; `labels` are
    entries, by list and label, that the import adds to lists of the bureau.
    """

    sheets: dict[str, Counts] = field(default_factory=dict)
    changes: list[Changed] = field(default_factory=list)
    questions: list[Asked] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """A digest of what has to be confirmed: changes, questions and new labels; empty if there are none.

        Rows are named by their keys, not by their numbers: sorting a file does not undo a confirmation.
        """
        if not (self.changes or self.questions or self.labels):
            return ""
        what = [
            sorted([c.sheet, c.key, c.column, c.before, c.after, c.exact] for c in self.changes),
            sorted([q.sheet, q.key or str(q.row), q.code, q.message, q.exact] for q in self.questions),
            sorted({(title, label) for title, label in self.labels}),
        ]
        return sha256(json.dumps(what, ensure_ascii=False).encode()).hexdigest()


def digest_of(keys: KeyRing, column: str, value: Any) -> str:
    """Return a short keyed digest of a value of a column; an empty cell differs from every text. Without the key nobody
    finds a name or a resident number by trying.
    """
    return keys.digest(f"imported_row.{column}", "" if value is None else f"={value}")[:16]


def text_of(column: Column, value: Any) -> str:
    """Return a value of a column as a person reads it; one that must not be shown is not."""
    if column.private:
        return HIDDEN
    if value is None:
        return "空"
    if column.field == "cadre_id" and len(str(value)) > column.max_length:
        return "另一位干部"  # an id: only the register knows the number
    if column.kind is Kind.CHOICE:
        return next((label for label, code in column.choices.items() if code == value), str(value))
    if column.kind is Kind.YES_NO:
        return "是" if value else "否"
    if column.kind is Kind.YUAN:
        return yuan(int(value))
    return str(value)


def rows_as_text(plan: Plan) -> Iterator[str]:
    """Yield the plan's changes, questions, labels and missing rows as lines of Chinese text."""
    for change in plan.changes:
        what = "内容有改动" + HIDDEN if change.after == HIDDEN else f"由“{change.before}”改为“{change.after}”"
        yield f"“{change.sheet}”第{change.row}行“{change.column}”：{what}"
    for asked in plan.questions:
        yield f"“{asked.sheet}”第{asked.row}行：{asked.message}"
    for title, label in plan.labels:
        yield f"“{title}”中没有“{label}”，确认后加入"
    for sheet, key in plan.missing:
        yield f"“{sheet}”中编号为“{key}”的行已不在文件中；系统中的记录未作改动"
