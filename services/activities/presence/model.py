"""What the tables of attendance and checks have in common."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.codes import VOID_REASONS, Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.records import Record

CADRE_MERGED = "cadre-merged"
"""The reason for which an entry is set aside while its person has another one at the same owner (see merging)."""


class Presence(Record):
    """Mixin: a cadre was there, on a day, at a session or a batch (the owner), once each."""

    cadre_id: Mapped[str] = mapped_column(String(36), index=True)

    if TYPE_CHECKING:  # synonyms, each table has names of its own
        owner_id: Mapped[str]
        on: Mapped[date]


def lifecycle_of(thing: str, label: str) -> Lifecycle:
    """Return the life cycle of records that are known by what they are about: what was voided can be recorded again."""
    return Lifecycle(
        thing,
        label,
        Codes(recorded="已登记", voided="已作废"),
        {
            (NEW, "record"): "recorded",
            ("recorded", "amend"): "recorded",
            ("recorded", "void"): "voided",
            ("voided", "record"): "recorded",
        },
        acts={"record": "重新登记"},
    )


def reasons_with(fell: str, label: str) -> Codes:
    """Return why entries are voided: what anybody may give, and what only follows from something else."""
    return Codes({**VOID_REASONS, fell: label, CADRE_MERGED: "档案合并后与同一人的另一条重复"})
