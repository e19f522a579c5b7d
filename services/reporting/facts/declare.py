"""How a kind of fact is declared, and which events make a fact of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from hongxia import away
from hongxia.dates import TimeAway
from hongxia.events.envelope import Event


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event's data: its name, its type, and whether it may be missing or null. A date is kept as
    text, times away as a list of objects with two dates.

    `listed` names the kind of fact whose entries say what the field's codes are called, for lists that a bureau keeps.
    """

    name: str
    type: type
    needed: bool = True
    listed: str = ""

    def of(self, event: Event) -> Any:
        """Return the field's value in an event. Raises Malformed."""
        if self.type is TimeAway:
            return away.as_text(away.of_event(event, self.name))
        if self.type is date:
            missing = not self.needed and event.may(self.name, str) is None
            return None if missing else event.need_date(self.name).isoformat()
        return event.need(self.name, self.type) if self.needed else event.may(self.name, self.type)


def text(name: str, *, listed: str = "") -> Field:
    """Return a text that must be there."""
    return Field(name, str, listed=listed)


def optional(name: str) -> Field:
    """Return a text that may be null."""
    return Field(name, str, needed=False)


def day(name: str, *, needed: bool = True) -> Field:
    """Return a date."""
    return Field(name, date, needed)


def flag(name: str, *, needed: bool = True) -> Field:
    """Return a yes or no."""
    return Field(name, bool, needed)


def times_away(name: str) -> Field:
    """Return a list of times in which another bureau served a cadre."""
    return Field(name, TimeAway)


def number(name: str, *, needed: bool = True) -> Field:
    """Return an integer."""
    return Field(name, int, needed)


class Per(Enum):
    """What has a fact of its own.

    ENTITY: an entity; its newest event tells the fact, whose dates say since when it is so. STATE: an event; on any day
    the entity is in the state of its newest event up to then. EVENT: an event; each counts for itself (a payment).
    """

    ENTITY = "entity"
    STATE = "state"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fact, owned by one source.

    `on` is the data field with the date that the fact counts for (else the event's occurredon), `year` the one with a
    year that is not the date's. A `standing` fact belongs to every year from its date on. `amount` is the main
    number, `negative` if it counts against the total. `corrects` is the field with the year whose total the fact
    corrects though it counts in its own. `record` is the record's address at the owning service.
    """

    name: str
    title: str
    source: str
    record: str
    fields: tuple[Field, ...] = ()
    on: str = ""
    year: str = ""
    standing: bool = False
    person: Field | None = None
    parent: Field | None = None
    amount: Field | None = None
    negative: bool = False
    corrects: str = ""
    per: Per = Per.ENTITY


@dataclass(frozen=True, slots=True)
class Rule:
    """Events `<entity>.<each of happened>` make a fact of a kind.

    `put` adds what the event's type itself says (or, with a Field, another field under this name), `more` fields that
    only these events have; `voided`: the fact does not count any more. `when` names a field without which no fact is
    made. A `correction` takes the place of the fact before it, whatever its date.
    """

    kind: Kind
    entity: str
    happened: tuple[str, ...]
    put: Mapping[str, str | Field] = dataclasses.field(default_factory=dict)
    more: tuple[Field, ...] = ()
    voided: bool = False
    when: str = ""
    correction: bool = False
    version: int = 1

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields that are kept."""
        return (*self.kind.fields, *self.more)

    @property
    def types(self) -> list[str]:
        """The full CloudEvents types."""
        return [f"hongxia.{self.entity}.{what}.v{self.version}" for what in self.happened]
