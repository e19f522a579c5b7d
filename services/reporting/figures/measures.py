"""What an indicator may measure: which facts, and what is made of them. Plain values, declared in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from hongxia.dates import TimeAway
from services.reporting.facts.declare import Field, Kind
from services.reporting.facts.rules import fields_of

GENERAL = ("person", "parent", "on")
"""What a fact of any kind may have, under the same name."""

PERSONS = "registry"
"""The source that says who is who: where persons are counted apart, merged cadres are one."""


class Undeclared(Exception):
    """A catalogue that can't be used; the text says where and why."""


@dataclass(frozen=True)
class Selection:
    """Facts of a kind that are narrowed down, as of a day; voided ones are never among them.

    `where`, `filled` and `empty` say what fields must be. `by` names the date on which what is selected came to be so:
    a fact counts from that day on. `on` names the date that places a fact in the year, instead of its own. `parent` is
    what the fact's parent must be (a session, a batch, a drive); `also` what another fact of the same entity must be
    as of that day, `unless` what none of them may be.
    """

    kind: Kind
    where: Mapping[str, tuple[str | int | bool, ...]] = field(default_factory=dict)
    filled: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    by: str | None = None
    on: str | None = None
    parent: Selection | None = None
    also: Selection | None = None
    unless: Selection | None = None

    def __post_init__(self) -> None:
        for name, values in self.where.items():
            wanted = self.field(name).type
            if any(type(value) is not wanted for value in values):
                raise Undeclared(f"{self.kind.name}.{name} is of type {wanted.__name__}")
        for name in (*self.filled, *self.empty):
            self.field(name)
        for name in filter(None, (self.by, self.on)):
            if self.field(name).type is not date:
                raise Undeclared(f"{self.kind.name}.{name} is no date")
        if self.parent and not self.kind.parent:
            raise Undeclared(f"{self.kind.name} has no parent")

    def field(self, name: str) -> Field:
        """Return a field that the kind keeps in `attrs`. Raises Undeclared."""
        try:
            return fields_of(self.kind)[name]
        except KeyError:
            raise Undeclared(f"{self.kind.name} has no field {name}") from None

    @property
    def kinds(self) -> Iterator[Kind]:
        """The kinds of fact that are looked at."""
        yield self.kind
        for other in filter(None, (self.parent, self.also, self.unless)):
            yield from other.kinds


@dataclass(frozen=True)
class Count:
    """How many facts."""

    of: Selection


@dataclass(frozen=True)
class Sum:
    """The sum of a number."""

    of: Selection
    field: str

    def __post_init__(self) -> None:
        amount = self.of.kind.amount
        if not (amount and amount.name == self.field) and self.of.field(self.field).type is not int:
            raise Undeclared(f"{self.of.kind.name}.{self.field} is no number")


@dataclass(frozen=True)
class Distinct:
    """How many different values."""

    of: Selection
    fields: tuple[str, ...]

    def __post_init__(self) -> None:
        kind = self.of.kind
        has = {"person": kind.person, "parent": kind.parent, "on": True}
        for name in self.fields:
            if name in GENERAL:
                if not has[name]:
                    raise Undeclared(f"{kind.name} has no {name}")
            else:
                self.of.field(name)


@dataclass(frozen=True)
class Total:
    """Several measures together."""

    terms: tuple[Count | Sum | Distinct, ...]


Simple = Count | Sum | Distinct | Total


@dataclass(frozen=True)
class Ratio:
    """One measure by another."""

    numerator: Simple
    denominator: Simple


@dataclass(frozen=True)
class Coverage:
    """Person-months reached (`by`) of those due: for each month that has ended, every person whose standing fact has
    begun by its last day, whose day `until` (if there is one) comes later, and who was not away on that day
    (`away` names the field with the times).
    """

    due: Kind
    until: str
    by: Kind
    away: str = ""

    def __post_init__(self) -> None:
        due = Selection(self.due)
        due.field(self.until)
        if self.away and due.field(self.away).type is not TimeAway:
            raise Undeclared(f"{self.away} of {self.due.name} holds no times away")
        if not self.due.standing or not self.by.person:
            raise Undeclared("coverage is of a standing kind, by a kind with a person")


Measure = Simple | Ratio | Coverage


@dataclass(frozen=True)
class Beside:
    """A number that stands beside a figure: `say` is the remark, with {} for the number; nothing is said for none."""

    say: str
    measure: Simple

    def __post_init__(self) -> None:
        if self.say.count("{}") != 1:
            raise Undeclared(f"“{self.say}” has no place {{}} for the number")


@dataclass(frozen=True)
class Unit:
    """What a figure is shown in: facts' numbers by a factor. `least` and `most` bound the decimals of the exact value;
    `printed` is the number of decimals that the office prints (None: those of the exact value).
    """

    name: str
    multiply_by: int = 1
    divide_by: int = 1
    least: int = 0
    most: int = 0
    printed: int | None = None


@dataclass(frozen=True)
class Indicator:
    """One figure of the year. `pending` selects facts that wait for another service's answer."""

    code: str
    name: str
    unit: Unit
    category: tuple[str, str]
    weight: Decimal
    target: Decimal | None
    printed_as: str | None
    measure: Measure
    pending: Selection | None = None
    beside: tuple[Beside, ...] = ()

    @property
    def service(self) -> str:
        """The service whose work the figure is about."""
        return self.code.split(".", 1)[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources whose events may concern the figure."""
        found = {kind.source for kind in kinds(self.measure)}
        if self.pending:
            found |= {kind.source for kind in self.pending.kinds}
        for beside in self.beside:
            found |= {kind.source for kind in kinds(beside.measure)}
        if _counts_persons(self.measure):
            found.add(PERSONS)
        return tuple(sorted(found))


def terms(measure: Measure) -> Iterator[Count | Sum | Distinct]:
    """Yield the single measures that a measure is made of; a coverage has none."""
    if isinstance(measure, Ratio):
        yield from terms(measure.numerator)
        yield from terms(measure.denominator)
    elif isinstance(measure, Total):
        yield from measure.terms
    elif not isinstance(measure, Coverage):
        yield measure


def kinds(measure: Measure) -> Iterator[Kind]:
    """Yield the kinds of fact that a measure looks at."""
    if isinstance(measure, Coverage):
        yield measure.due
        yield measure.by
    for term in terms(measure):
        yield from term.of.kinds


def counted_kinds(measure: Measure) -> Iterator[Kind]:
    """Yield the kinds whose facts a measure counts."""
    if isinstance(measure, Coverage):
        yield measure.by
    for term in terms(measure):
        yield term.of.kind


def _counts_persons(measure: Measure) -> bool:
    return any(isinstance(term, Distinct) and "person" in term.fields for term in terms(measure))
