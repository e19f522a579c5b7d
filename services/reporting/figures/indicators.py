"""Facts become figures: exact, by the rules that the catalogue declares, each open down to the facts behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    SQLColumnExpression,
    and_,
    case,
    column,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy import true as is_so
from sqlalchemy.orm import Session, aliased

from services.reporting.facts.declare import Kind, Per
from services.reporting.facts.generations import live
from services.reporting.facts.kinds import CADRE, CONTRADICTIONS, LISTS
from services.reporting.facts.model import Document, Fact
from services.reporting.facts.reading import CORRECTION
from services.reporting.facts.rules import KINDS
from services.reporting.figures.calendar import ended_months
from services.reporting.figures.measures import (
    Count,
    Coverage,
    Distinct,
    Indicator,
    Ratio,
    Selection,
    Simple,
    Sum,
    Total,
    counted_kinds,
    terms,
)
from services.reporting.figures.values import exact

Some = type[Fact]
Condition = ColumnElement[bool]

NOTHING_DUE = "分母为零，尚无应计对象"
NO_DATA = "无数据"

DATED = [kind for kind in KINDS.values() if kind not in (*LISTS, *CONTRADICTIONS.values())]
"""The kinds of fact that show that a source has records of a year."""


@dataclass(frozen=True)
class Corrected:
    """What a later year took back of a figure: so much (fen) in so many facts, counted in `year`."""

    year: int
    amount: int
    count: int


@dataclass(frozen=True)
class Figure:
    """An indicator's value in a year. `value` is a decimal as text in the indicator's unit, None with a `reason` if
    there is none; `no_data`: the year has no records of what is counted. A rate keeps its numerator and denominator,
    in persons, fen or whatever its facts count. `pending` is how many facts still wait for another service's answer,
    `beside` the numbers of the indicator's remarks, `contradictory` how many of the records counted are contradicted
    by others and not explained, `corrected` what later years took back.
    """

    indicator: Indicator
    value: str | None
    numerator: int | None = None
    denominator: int | None = None
    reason: str | None = None
    no_data: bool = False
    pending: int = 0
    beside: tuple[int, ...] = ()
    contradictory: int = 0
    corrected: tuple[Corrected, ...] = ()


class Year:
    """The facts of one year as one generation holds them, as of the year's last day, or of the day `through` in it.
    `today` (Asia/Shanghai) says which months are over.
    """

    def __init__(self, session: Session, year: int, today: date, through: date | None = None) -> None:
        self.session = session
        self.year = year
        self.first = date(year, 1, 1)
        self.day = through or date(year, 12, 31)
        self.ended = ended_months(year, min(today, through or today))
        self.generation = live(session)
        self.survivors = self._survivors()

    def figure(self, indicator: Indicator) -> Figure:
        """Return the value of an indicator, and what stands beside it."""
        return replace(
            self.measured(indicator),
            pending=self._simple(Count(indicator.pending)) if indicator.pending else 0,
            beside=tuple(self._simple(beside.measure) for beside in indicator.beside),
            contradictory=self._contradictory(indicator),
            corrected=tuple(self._corrected(indicator)),
        )

    def measured(self, indicator: Indicator) -> Figure:
        """Return the value of an indicator alone."""
        measure = indicator.measure
        if self.sources_with_data.isdisjoint(kind.source for kind in counted_kinds(measure)):
            return Figure(indicator, None, reason=NO_DATA, no_data=True)
        if isinstance(measure, Coverage):
            return self._rate(indicator, self._reached(measure), self._due(measure))
        if isinstance(measure, Ratio):
            return self._rate(indicator, self._simple(measure.numerator), self._simple(measure.denominator))
        return Figure(indicator, exact(Fraction(self._simple(measure)), indicator.unit))

    def behind(self, indicator: Indicator) -> Select[*tuple[Any, ...]]:
        """Return the facts that make a figure, as (source, position) of the event that tells each."""
        fact = aliased(Fact)
        return select(fact.source, fact.position).where(self._counted(indicator, fact)).distinct()

    @cached_property
    def sources_with_data(self) -> frozenset[str]:
        """The sources that have facts of this year."""
        found = self.session.execute(select(*(self._has(kind).label(kind.name) for kind in DATED))).one()._mapping
        return frozenset(kind.source for kind in DATED if found[kind.name])

    def _has(self, kind: Kind) -> Exists:
        in_year = Fact.on <= date(self.year, 12, 31) if kind.standing else Fact.year == self.year
        query = select(Fact.entity).where(Fact.generation == self.generation, Fact.kind == kind.name, in_year)
        return exists(query.where(Fact.voided == false()))

    def _counted(self, indicator: Indicator, fact: Some) -> Condition:
        measure = indicator.measure
        if isinstance(measure, Coverage):
            return or_(*self._covering(measure, fact))
        return or_(*(self._chosen(fact, term.of) for term in terms(measure)))

    def _rate(self, indicator: Indicator, numerator: int, denominator: int) -> Figure:
        if denominator == 0:
            return Figure(indicator, None, numerator, denominator, NOTHING_DUE)
        value = exact(Fraction(numerator, denominator), indicator.unit)
        return Figure(indicator, value, numerator, denominator)

    def _simple(self, measure: Simple) -> int:
        if isinstance(measure, Total):
            return sum(self._simple(term) for term in measure.terms)
        fact = aliased(Fact)
        query = self._query(measure, fact, self._chosen(fact, measure.of))
        return int(self.session.scalar(query) or 0)

    def _query(self, measure: Count | Sum | Distinct, fact: Some, chosen: Condition) -> Select[int]:
        if isinstance(measure, Count):
            return select(func.count()).select_from(fact).where(chosen)
        if isinstance(measure, Sum):
            return select(func.sum(_number(fact, measure))).where(chosen)
        values: list[Any] = [self._value(fact, measure.of, name).label(name) for name in measure.fields]
        filled = (value.is_not(None) for value in values)
        return select(func.count()).select_from(select(*values).where(chosen, *filled).distinct().subquery())

    def _chosen(self, fact: Some, selection: Selection) -> Condition:
        """The condition that a fact is one of the selection's, in this year and by this day."""
        return and_(self._in_year(fact, selection), self._such(fact, selection))

    def _in_year(self, fact: Some, selection: Selection) -> Condition:
        if selection.on:
            return _attr(fact, selection, selection.on).between(self.first.isoformat(), self.day.isoformat())
        by_day = fact.on <= self.day
        return by_day if selection.kind.standing else and_(fact.year == self.year, by_day)

    def _such(self, fact: Some, selection: Selection) -> Condition:
        conditions: list[Condition] = [
            fact.generation == self.generation,
            fact.kind == selection.kind.name,
            fact.voided == false(),
        ]
        conditions += [_attr(fact, selection, name).in_(values) for name, values in selection.where.items()]
        conditions += [_attr(fact, selection, name).is_not(None) for name in selection.filled]
        conditions += [_attr(fact, selection, name).is_(None) for name in selection.empty]
        if selection.by:
            conditions.append(_attr(fact, selection, selection.by) <= self.day.isoformat())
        if selection.kind.per is Per.STATE:
            conditions.append(self._holds(fact))
        return and_(*conditions, *self._relations(fact, selection))

    def _relations(self, fact: Some, selection: Selection) -> Iterator[Condition]:
        if selection.parent:
            parent = aliased(Fact)
            yield fact.parent.in_(select(parent.entity).where(self._such(parent, selection.parent)))
        if selection.also:
            yield fact.entity.in_(self._entities(selection.also))
        if selection.unless:
            yield fact.entity.not_in(self._entities(selection.unless))

    def _entities(self, selection: Selection) -> Select[str]:
        """The entities of which something is so by this day, in whichever year it came to be so."""
        fact = aliased(Fact)
        return select(fact.entity).where(self._such(fact, selection), fact.on <= self.day)

    def _holds(self, fact: Some) -> Condition:
        """The condition that nothing later had happened to the fact's entity by this day, and nothing corrects it."""
        later, between = aliased(Fact), aliased(Fact)
        corrected = and_(_corrects(later), ~exists(_after(fact, between).where(between.version < later.version)))
        return ~exists(_after(fact, later).where(or_(later.on <= self.day, corrected)))

    def _value(self, fact: Some, selection: Selection, name: str) -> SQLColumnExpression[Any]:
        if name == "person":
            return self._person(fact)
        general: dict[str, Any] = {"parent": fact.parent, "on": fact.on}
        return general[name] if name in general else _attr(fact, selection, name)

    def _person(self, fact: Some) -> SQLColumnExpression[Any]:
        """Who it is: the one into whom a merged cadre went, so that nobody is counted twice."""
        if not self.survivors:
            return fact.person
        return case(self.survivors, value=fact.person, else_=fact.person)

    def _survivors(self) -> dict[str, str]:
        into = Fact.attrs["into"].as_string()
        merged = select(Fact.entity, into).where(
            Fact.generation == self.generation, Fact.kind == CADRE.name, Fact.voided, into.is_not(None)
        )
        return followed(dict(self.session.execute(merged).tuples().all()))

    def _contradictory(self, indicator: Indicator) -> int:
        """How many of the records counted are contradicted by others."""
        sources = {kind.source for kind in counted_kinds(indicator.measure)}
        records = {found for found in self.contradicted if found[0] in sources}
        if not records:
            return 0
        fact = aliased(Fact)
        query = select(fact.source, fact.entity).where(self._counted(indicator, fact))
        query = query.where(fact.entity.in_({record for _, record in records})).distinct()
        return len(records & set(self.session.execute(query).tuples()))

    @cached_property
    def contradicted(self) -> frozenset[tuple[str, str]]:
        """The records (source, id) that others contradict, which nobody has explained."""
        record, state = Fact.attrs["record_id"].as_string(), Fact.attrs["state"].as_string()
        kinds = [kind.name for kind in CONTRADICTIONS.values()]
        query = select(Fact.source, record).where(Fact.generation == self.generation, Fact.kind.in_(kinds))
        return frozenset(self.session.execute(query.where(state == "open")).tuples())

    def _corrected(self, indicator: Indicator) -> Iterator[Corrected]:
        """What later years took back of what this year counts."""
        for term in terms(indicator.measure):
            corrects = term.of.kind.corrects
            if not corrects or not isinstance(term, Sum):
                continue
            fact = aliased(Fact)
            later = and_(fact.year > self.year, _attr(fact, term.of, corrects) == self.year)
            columns = fact.year, func.sum(_number(fact, term)), func.count()
            query = select(*columns).where(later, self._such(fact, term.of)).group_by(fact.year).order_by(fact.year)
            for year, amount, count in self.session.execute(query):
                yield Corrected(int(year), abs(int(amount)), int(count))

    def _standing(self, due: Coverage, cadre: Some, last: date) -> Condition:
        """The condition that somebody is due in the month that ends on a day."""
        until, day = cadre.attrs[due.until].as_string(), last.isoformat()
        conditions = [cadre.on <= last, or_(until.is_(None), until > day)]
        if due.away:
            conditions.append(~self._away(cadre, due.away, day))
        return and_(*conditions)

    def _away(self, cadre: Some, name: str, day: str) -> Condition:
        """The condition that one of the times in a field covers a day, by the rule of hongxia.dates.away_on."""
        dialect = self.session.get_bind().dialect.name
        elements = func.jsonb_array_elements if dialect == "postgresql" else func.json_each
        time = elements(cadre.attrs[name]).table_valued(column("value", Document))
        left, back = (time.c.value[each].as_string() for each in ("left_on", "returned_on"))
        return exists(select(1).select_from(time).where(left <= day, or_(back.is_(None), back > day)))

    def _due(self, coverage: Coverage) -> int:
        cadre = aliased(Fact)
        months = [func.count(case((self._standing(coverage, cadre, last), 1))) for last in self.ended.values()]
        if not months:
            return 0
        counted = select(*months).where(self._such(cadre, Selection(coverage.due)))
        return sum(int(count) for count in self.session.execute(counted).one())

    def _reached(self, coverage: Coverage) -> int:
        if not self.ended:
            return 0
        contact, cadre = aliased(Fact), aliased(Fact)
        person, month = self._person(contact), contact.attrs["month"].as_string()
        reached = (
            select(person, month)
            .join(cadre, cadre.entity == person)
            .where(self._chosen(contact, Selection(coverage.by)), self._in_due_month(coverage, contact, cadre))
        )
        return self.session.scalar(select(func.count()).select_from(reached.distinct().subquery())) or 0

    def _in_due_month(self, coverage: Coverage, contact: Some, cadre: Some) -> Condition:
        month = contact.attrs["month"].as_string()
        months = (and_(month == name, self._standing(coverage, cadre, last)) for name, last in self.ended.items())
        return and_(self._such(cadre, Selection(coverage.due)), or_(false(), *months))

    def _covering(self, coverage: Coverage, fact: Some) -> Iterator[Condition]:
        """The contacts that count, and the cadres who were due in some month."""
        cadre = aliased(Fact)
        due = select(cadre.entity).where(cadre.entity == self._person(fact), self._in_due_month(coverage, fact, cadre))
        yield and_(self._chosen(fact, Selection(coverage.by)), due.exists())
        months = (self._standing(coverage, fact, last) for last in self.ended.values())
        yield and_(self._such(fact, Selection(coverage.due)), or_(false(), *months))


def followed(into: dict[str, str]) -> dict[str, str]:
    """Return who went into whom, followed to the one that is left. A circle, which no registry should tell, is left
    alone.
    """
    found = {}
    for start in into:
        seen, at = {start}, into[start]
        while at in into and at not in seen:
            seen.add(at)
            at = into[at]
        if at not in seen:
            found[start] = at
    return found


def _after(fact: Some, later: Some) -> Select[str]:
    """The later facts of the same kind about the same entity."""
    same = and_(later.generation == fact.generation, later.kind == fact.kind, later.entity == fact.entity)
    return select(later.entity).where(same, later.version > fact.version)


def _corrects(fact: Some) -> Condition:
    corrects: Condition = fact.attrs[CORRECTION].as_boolean() == is_so()
    return corrects


def _attr(fact: Some, selection: Selection, name: str) -> SQLColumnExpression[Any]:
    kept: Any = fact.attrs[name]
    by_type = {bool: kept.as_boolean, int: kept.as_integer}
    value: SQLColumnExpression[Any] = by_type.get(selection.field(name).type, kept.as_string)()
    return value


def _number(fact: Some, measure: Sum) -> SQLColumnExpression[Any]:
    amount = measure.of.kind.amount
    if amount and amount.name == measure.field:
        return fact.amount
    return _attr(fact, measure.of, measure.field)
