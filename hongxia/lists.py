"""Lists that the bureau keeps (streets, units, liaisons): codes in events and records, labels for people.

The code of an entry is derived from its first label and never changes; the label may change. Records and events hold
the code, so that a label that names a person stays in the service that keeps the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hongxia import ids, records
from hongxia.codes import Codes
from hongxia.events.declare import EventType
from hongxia.events.publish import publish
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.records import Record, in_parts
from hongxia.rules import Conflicting, Refused, Violation
from hongxia.schema.derive import RecordSchema, amended_data_of, data_of
from hongxia.schema.fields import Text
from hongxia.sealed import digest

LABEL_HASH = "label_hash"
"""The column with the keyed hash of a label that is sealed."""


def lifecycle_of(thing: str, label: str) -> Lifecycle:
    """Return the life cycle of a list's entries: listed, renamed, retired (kept for old records), listed again."""
    return Lifecycle(
        thing,
        label,
        Codes(listed="在用", retired="停用"),
        {
            (NEW, "list"): "listed",
            ("listed", "amend"): "listed",
            ("listed", "retire"): "retired",
            ("retired", "relist"): "listed",
        },
        acts={"retire": "停用", "relist": "恢复使用"},
    )


class EntryColumns(Record):
    """Mixin of a list's table. `code` stands in records and events, `label` is what people read, and `listed_on` is
    the date on which the entry was added. A list whose labels may be names seals them and has a `label_hash`.
    """

    prefix: ClassVar[str]
    """The first letter of the list's codes."""

    code: Mapped[str] = mapped_column(String(9), unique=True)
    label: Mapped[str] = mapped_column(String(100), unique=True)
    listed_on: Mapped[date]


@dataclass(frozen=True)
class List:
    """A list of the bureau: its table, its schema, and its events."""

    model: type[Any]
    schema: type[RecordSchema]
    listed: EventType
    amended: EventType

    @property
    def events(self) -> tuple[EventType, ...]:
        """The events, for the service's definition."""
        return self.listed, self.amended

    def code_of(self, label: str) -> str:
        """Return the code that a label gets when it is added to the list."""
        return f"{self.model.prefix}{ids.entity_id(self.model.lifecycle.thing, label)[:8]}"

    def codes(self, session: Session, labels: Iterable[str]) -> dict[str, str]:
        """Return the codes of those labels that the list has."""
        column, stored = self._stored(session, labels)
        found: dict[str, str] = {}
        for part in in_parts(sorted(stored)):
            for value, code in session.execute(select(column, self.model.code).where(column.in_(part))):
                found[stored[value]] = code
        return found

    def _stored(self, session: Session, labels: Iterable[str]) -> tuple[Any, dict[str, str]]:
        """Return the column by which labels are looked up, and the labels by what it holds of them."""
        if LABEL_HASH not in self.model.hashes:
            return self.model.label, {label: label for label in labels}
        return getattr(self.model, LABEL_HASH), {digest(session, self.model, LABEL_HASH, each): each for each in labels}

    def labels(self, session: Session) -> dict[str, str]:
        """Return all labels by code."""
        return {entry.code: entry.label for entry in session.scalars(select(self.model))}

    def must_have(self, session: Session, field: str, code: str | None) -> None:
        """Raise Refused unless the code is of an entry in use; None passes."""
        if code is None:
            return
        state = session.scalar(select(self.model.state).where(self.model.code == code))
        if state != "listed":
            label = self.model.lifecycle.label
            why = "已停用" if state else "不在名单中"
            raise Refused(Violation(field, f"unknown-{field}", f"{label}“{code}”{why}，请先在{label}名单中登记"))

    def add(self, session: Session, label: str, today: date) -> Any:
        """Add a label. Raises Conflicting if the list has it, or if it is the first label of an entry that was renamed:
        the code of that entry is derived from it.
        """
        name, code = self.model.lifecycle.label, f"{self.model.lifecycle.thing}-exists"
        if self.codes(session, [label]):
            raise Conflicting(Violation("label", code, f"{name}名单中已有“{label}”，请直接使用"))
        renamed = session.scalar(select(self.model).where(self.model.code == self.code_of(label)))
        if renamed is not None:
            message = f"“{label}”是{name}名单中“{renamed.label}”的原名，请使用“{renamed.label}”"
            raise Conflicting(Violation("label", code, message))
        entry = self.model(id=ids.entity_id(self.model.lifecycle.thing, label), code=self.code_of(label), label=label)
        entry.listed_on = today
        records.begin(session, entry, "list")
        publish(session, self.listed, entry, on=today)
        return entry

    def rename(self, session: Session, entry: Any, label: str, reason: str, today: date) -> Any:
        """Give an entry another label; its code stays. Raises Conflicting if another entry has the label."""
        if self.codes(session, [label]).get(label, entry.code) != entry.code:
            name = self.model.lifecycle.label
            raise Conflicting(
                Violation("label", f"{self.model.lifecycle.thing}-exists", f"{name}名单中已有“{label}”，请直接使用")
            )
        changed = records.change(session, entry, {"label": label})
        if changed:
            publish(session, self.amended, entry, on=today, changed=changed, reason=reason)
        return entry

    def retire(self, session: Session, entry: Any, today: date, *, back: bool = False) -> Any:
        """Take an entry out of use, or with `back` into use again; records that name it stay as they are.

        Raises Conflicting.
        """
        records.move(session, entry, "relist" if back else "retire")
        publish(session, self.amended, entry, on=today, changed=["state"], reason="correction")
        return entry


def declare(service: str, model: type[Any], *, labels_published: bool) -> List:
    """Return a list of a service. `labels_published` is false where labels name persons (liaisons)."""
    thing, name = model.lifecycle.thing, model.lifecycle.label

    class EntrySchema(RecordSchema):
        """An entry of a list that the bureau keeps."""

        lifecycle = model.lifecycle

        code = Text(label="代码", help_en="stands in records and events", published=True, dump_only=True)
        label = Text(longest=100, label="名称", help_en="what people read", published=labels_published)

    EntrySchema.__name__ = f"{thing.title().replace('-', '')}Schema"
    return List(
        model,
        EntrySchema,
        EventType(f"{service}.{thing}.listed", 1, data_of(EntrySchema), f"{name}已列入名单", f"A {thing} was listed."),
        EventType(
            f"{service}.{thing}.amended",
            1,
            amended_data_of(EntrySchema),
            f"{name}名单已修改",
            f"An entry of the list of {thing}s was renamed, retired or taken back into use.",
        ),
    )
