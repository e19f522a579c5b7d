"""Contradictions: records that contradict what became known later. They are listed, published, and stay open until the
record is mended or somebody explains them, so that nothing contradictory is counted without notice.

A service declares its kinds of contradiction and a table, and finds them; the rest is here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from marshmallow import Schema
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hongxia import ids, records
from hongxia.codes import Codes
from hongxia.events.declare import EventType
from hongxia.events.publish import publish
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.records import Record, in_parts
from hongxia.schema.derive import RecordSchema, data_of
from hongxia.schema.fields import Code, Day, Id, Text

LIFECYCLE = Lifecycle(
    "contradiction",
    "矛盾",
    Codes(open="待处理", explained="已说明", resolved="已消除"),
    {
        (NEW, "find"): "open",
        ("open", "find"): "open",
        ("open", "explain"): "explained",
        ("explained", "find"): "open",
        ("explained", "explain"): "explained",
        ("open", "resolve"): "resolved",
        ("explained", "resolve"): "resolved",
        ("resolved", "find"): "open",
    },
)


class ContradictionColumns(Record):
    """Mixin of a service's table of contradictions. `scope` is the id of what is reviewed as a whole (a cadre, an aid
    case), `record` the collection of the record at fault, `record_id` and `other_id` the records that contradict;
    `against` holds the dates that forbid the record.
    """

    lifecycle = LIFECYCLE

    kind: Mapped[str] = mapped_column(String(40))
    scope: Mapped[str] = mapped_column(String(36), index=True)
    record: Mapped[str] = mapped_column(String(40))
    record_id: Mapped[str] = mapped_column(String(36))
    other_id: Mapped[str | None] = mapped_column(String(36))
    on: Mapped[date] = mapped_column(index=True)
    against: Mapped[str] = mapped_column(String(60))
    explanation: Mapped[str | None] = mapped_column(String(200))


C = TypeVar("C", bound=ContradictionColumns)


@dataclass(frozen=True, slots=True)
class Found:
    """A contradiction as a review finds it; `on` is the date that the record counts for, `against` the dates that
    forbid it, as text. An explanation holds for as long as both stay the same.
    """

    kind: str
    scope: str
    record: str
    record_id: str
    on: date
    other_id: str | None = None
    against: str = ""

    @property
    def id(self) -> str:
        """The same contradiction always has the same id."""
        return ids.entity_id("contradiction", self.kind, self.record_id, self.other_id or "")


class ExplanationIn(Schema):
    """Why a contradiction may stand; kept by the service, never published."""

    explanation = Text(longest=200, label="说明")


def schema_of(kinds: Codes) -> type[RecordSchema]:
    """Return the schema of a service's contradictions."""

    class ContradictionSchema(RecordSchema):
        """A record that another one, learnt of later, does not allow."""

        lifecycle = LIFECYCLE

        kind = Code(kinds, label="种类", help_en="what kind of contradiction it is", published=True, dump_only=True)
        scope = Id(label="所属", help_en="what it is about: a cadre, or an aid case", published=True, dump_only=True)
        record = Text(label="记录类别", help_en="the collection of the record at fault", published=True, dump_only=True)
        record_id = Id(label="记录", help_en="the record at fault", published=True, dump_only=True)
        other_id = Id(
            label="另一记录",
            help_en="the other record",
            published=True,
            dump_only=True,
            allow_none=True,
            required=False,
        )
        on = Day(label="日期", help_en="the date that the record counts for", published=True, dump_only=True)
        explanation = Text(label="说明", dump_only=True, allow_none=True)

    return ContradictionSchema


@dataclass(frozen=True)
class Contradictions:
    """The contradictions of a service: their table, their schema, and their events."""

    model: type[Any]
    schema: type[RecordSchema]
    found: EventType
    explained: EventType
    resolved: EventType

    @property
    def events(self) -> tuple[EventType, ...]:
        """The events, for the service's definition."""
        return self.found, self.explained, self.resolved

    def review(self, session: Session, scopes: Collection[str], found: Iterable[Found]) -> None:
        """Compare what a review of some scopes found with what was found there before; record and publish what is new,
        and what is gone. A contradiction that somebody has explained stays explained for as long as it is found with
        the same dates; with others it is open again.
        """
        now = {each.id: each for each in found}
        before = self._of(session, scopes)
        for contradiction in before.values():
            if contradiction.id not in now and contradiction.state != "resolved":
                self._move(session, contradiction, "resolve", self.resolved)
        for contradiction_id, each in sorted(now.items()):
            known = before.get(contradiction_id) or session.get(self.model, contradiction_id)
            if known is None:
                self._begin(session, contradiction_id, each)
            else:
                self._follow(session, known, each)

    def explain(self, session: Session, contradiction: Any, explanation: str) -> Any:
        """Note why a contradiction may stand. Raises Conflicting if it is resolved."""
        contradiction.explanation = explanation
        self._move(session, contradiction, "explain", self.explained)
        return contradiction

    def _of(self, session: Session, scopes: Collection[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in in_parts(sorted(scopes)):
            query = select(self.model).where(self.model.scope.in_(part)).order_by(self.model.id)
            found.update((each.id, each) for each in session.scalars(query))
        return found

    def _begin(self, session: Session, contradiction_id: str, each: Found) -> None:
        values: Mapping[str, Any] = {name: getattr(each, name) for name in Found.__slots__}
        contradiction = self.model(id=contradiction_id, **values)
        records.begin(session, contradiction, "find")
        publish(session, self.found, contradiction, on=contradiction.on)

    def _follow(self, session: Session, known: Any, each: Found) -> None:
        """Bring a contradiction that was found before up to date: its dates, and what it belongs to."""
        new = {name: getattr(each, name) for name in ("scope", "on", "against")}
        changed = {name for name, value in new.items() if getattr(known, name) != value}
        if not changed and known.state != "resolved":
            return
        for name, value in new.items():
            setattr(known, name, value)
        if changed <= {"scope"} and known.state == "explained":
            self._move(session, known, "explain", self.explained)
        else:
            self._move(session, known, "find", self.found)

    def _move(self, session: Session, contradiction: Any, verb: str, event_type: EventType) -> None:
        records.move(session, contradiction, verb)
        publish(session, event_type, contradiction, on=contradiction.on)


def declare(service: str, model: type[Any], kinds: Codes) -> Contradictions:
    """Return the contradictions of a service; `kinds` are the codes with their Chinese labels."""
    schema = schema_of(kinds)
    data = data_of(schema)

    def event(what: str, title: str, description: str) -> EventType:
        return EventType(f"{service}.contradiction.{what}", 1, data, title, description)

    return Contradictions(
        model,
        schema,
        event("found", "发现矛盾", "A record contradicts another one that was learnt of later."),
        event("explained", "矛盾已说明", "Somebody explained why a contradiction may stand."),
        event("resolved", "矛盾已消除", "A contradiction is gone: one of the records was mended."),
    )
