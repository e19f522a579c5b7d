"""What an indicator may measure: which facts, and what is made of them. Plain values, declared in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from services.reporting.facts import Field, Kind, fields_of

GENERAL = ("person", "parent", "on")
"""What a fact of any kind may have, under the same name."""

PERSONS = "registry"
"""The source that says who is who: where persons are counted apart, merged cadres are one."""


class Undeclared(Exception):
    """A catalogue that can't be used; the text says where and why."""


@dataclass(frozen=True)
class Selection:
    """Facts of a kind that are narrowed down; voided ones are never among them."""

    kind: Kind
    where: Mapping[str, tuple[str | int | bool, ...]] = field(default_factory=dict)
    filled: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    parent: Selection | None = None

    def __post_init__(self) -> None:
        for name, values in self.where.items():
            wanted = self.field(name).type
            if any(type(value) is not wanted for value in values):
                raise Undeclared(f"{self.kind.name}.{name} is of type {wanted.__name__}")
        for name in (*self.filled, *self.empty):
            self.field(name)
        if self.parent and not self.kind.parent:
            raise Undeclared(f"{self.kind.name} has no parent")

    def field(self, name: str) -> Field:
        """A field that the kind keeps in `attrs`. Raises Undeclared."""
        try:
            return fields_of(self.kind)[name]
        except KeyError:
            raise Undeclared(f"{self.kind.name} has no field {name}") from None


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
    begun by its last day and whose day `until` (if there is one) comes later.
    """

    due: Kind
    until: str
    by: Kind

    def __post_init__(self) -> None:
        Selection(self.due).field(self.until)
        if not self.due.standing or not self.by.person:
            raise Undeclared("coverage is of a standing kind, by a kind with a person")


Measure = Simple | Ratio | Coverage


@dataclass(frozen=True)
class Pending:
    """Facts of a kind that are waited for: each is answered, at another service, by a fact of the same entity."""

    of: Kind
    answered_by: tuple[Kind, ...]


@dataclass(frozen=True)
class Unit:
    """What a figure is shown in: facts' numbers by a factor, with at least and at most so many decimals."""

    name: str
    multiply_by: int = 1
    divide_by: int = 1
    least: int = 0
    most: int = 0


@dataclass(frozen=True)
class Indicator:
    """One figure of the year."""

    code: str
    name: str
    unit: Unit
    category: tuple[str, str]
    weight: Decimal
    target: Decimal | None
    printed_as: str | None
    measure: Measure
    pending: Pending | None = None
    left_out: Kind | None = None

    @property
    def service(self) -> str:
        """The service whose work the figure tells of."""
        return self.code.split(".", 1)[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources whose events may concern the figure."""
        found = {kind.source for kind in kinds(self.measure)}
        if self.pending:
            found |= {kind.source for kind in (self.pending.of, *self.pending.answered_by)}
        if self.left_out:
            found.add(self.left_out.source)
        if _counts_persons(self.measure):
            found.add(PERSONS)
        return tuple(sorted(found))


def terms(measure: Measure) -> Iterator[Count | Sum | Distinct]:
    """The single measures that a measure is made of; a coverage has none."""
    if isinstance(measure, Ratio):
        yield from terms(measure.numerator)
        yield from terms(measure.denominator)
    elif isinstance(measure, Total):
        yield from measure.terms
    elif not isinstance(measure, Coverage):
        yield measure


def kinds(measure: Measure) -> Iterator[Kind]:
    """The kinds of fact that a measure looks at."""
    if isinstance(measure, Coverage):
        yield measure.due
        yield measure.by
    for term in terms(measure):
        selection: Selection | None = term.of
        while selection:
            yield selection.kind
            selection = selection.parent


def _counts_persons(measure: Measure) -> bool:
    return any(isinstance(term, Distinct) and "person" in term.fields for term in terms(measure))
