"""Facts become figures: exact, by the rules that the catalogue declares, each open down to the facts behind it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from services.reporting.facts import CADRE
from services.reporting.measures import (
    Count,
    Coverage,
    Distinct,
    Indicator,
    Pending,
    Ratio,
    Selection,
    Simple,
    Sum,
    Total,
    Unit,
    terms,
)
from services.reporting.models import Fact, Generation

Some = type[Fact]
Condition = ColumnElement[bool]

NOTHING_DUE = "分母为零，尚无应计对象"


@dataclass(frozen=True)
class Figure:
    """An indicator's value in a year. `value` is a decimal as text in the indicator's unit, None with a `reason` if
    there is none. A rate keeps its numerator and denominator, in persons, fen or whatever its facts count. `pending`
    is how many facts still wait for another service's answer, `left_out` how many were refused and so don't count.
    """

    indicator: Indicator
    value: str | None
    numerator: int | None = None
    denominator: int | None = None
    reason: str | None = None
    pending: int = 0
    left_out: int = 0


class Year:
    """The facts of one year as one generation holds them, seen on a day (`today`, Asia/Shanghai); only those that count
    for a date up to `through`, if that is given.
    """

    def __init__(self, session: Session, year: int, today: date, through: date | None = None) -> None:
        self.session = session
        self.year = year
        self.through = through
        self.ended = ended_months(year, min(today, through or today))
        self.generation = live(session)
        self.survivors = self._survivors()

    def figure(self, indicator: Indicator) -> Figure:
        """The value of an indicator."""
        pending = self._pending(indicator.pending) if indicator.pending else 0
        left_out = self._simple(Count(Selection(indicator.left_out))) if indicator.left_out else 0
        return replace(self._measured(indicator), pending=pending, left_out=left_out)

    def _measured(self, indicator: Indicator) -> Figure:
        measure = indicator.measure
        if isinstance(measure, Coverage):
            return self._rate(indicator, self._reached(measure), self._due(measure))
        if isinstance(measure, Ratio):
            return self._rate(indicator, self._simple(measure.numerator), self._simple(measure.denominator))
        return Figure(indicator, shown(Fraction(self._simple(measure)), indicator.unit))

    def behind(self, indicator: Indicator) -> Select[*tuple[Any, ...]]:
        """The facts that make a figure, as (source, position) of the event that tells each."""
        fact = aliased(Fact)
        measure = indicator.measure
        if isinstance(measure, Coverage):
            parts = list(self._covering(measure, fact))
        else:
            parts = [self._chosen(fact, term.of) for term in terms(measure)]
        return select(fact.source, fact.position).where(or_(*parts)).distinct()

    def _rate(self, indicator: Indicator, numerator: int, denominator: int) -> Figure:
        if denominator == 0:
            return Figure(indicator, None, numerator, denominator, NOTHING_DUE)
        value = shown(Fraction(numerator, denominator), indicator.unit)
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
        there = (value.is_not(None) for value in values)
        return select(func.count()).select_from(select(*values).where(chosen, *there).distinct().subquery())

    def _chosen(self, fact: Some, selection: Selection) -> Condition:
        """The condition that a fact is one of the selection's, in this year."""
        last = date(self.year, 12, 31)
        in_year = fact.on <= last if selection.kind.standing else fact.year == self.year
        early_enough = [fact.on <= self.through] if self.through else []
        return and_(in_year, *early_enough, self._such(fact, selection))

    def _such(self, fact: Some, selection: Selection) -> Condition:
        conditions: list[Condition] = [
            fact.generation == self.generation,
            fact.kind == selection.kind.name,
            fact.voided == false(),
        ]
        conditions += [_attr(fact, selection, name).in_(values) for name, values in selection.where.items()]
        conditions += [_attr(fact, selection, name).is_not(None) for name in selection.filled]
        conditions += [_attr(fact, selection, name).is_(None) for name in selection.empty]
        if selection.parent:
            parent = aliased(Fact)
            conditions.append(fact.parent.in_(select(parent.entity).where(self._such(parent, selection.parent))))
        return and_(*conditions)

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

    def _pending(self, pending: Pending) -> int:
        fact, answer = aliased(Fact), aliased(Fact)
        kinds = [kind.name for kind in pending.answered_by]
        answered = select(answer.entity).where(answer.generation == self.generation, answer.kind.in_(kinds))
        waiting = and_(self._chosen(fact, Selection(pending.of)), fact.entity.not_in(answered))
        return self.session.scalar(select(func.count()).select_from(fact).where(waiting)) or 0

    def _standing(self, due: Coverage, cadre: Some, last: date) -> Condition:
        until = cadre.attrs[due.until].as_string()
        return and_(cadre.on <= last, or_(until.is_(None), until > last.isoformat()))

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


def live(session: Session) -> int:
    """The generation of facts that is shown."""
    return session.scalars(select(Generation.live)).one()


def months(year: int) -> dict[str, date]:
    """The months of a year, "2022-03" and so on, with the last day of each."""
    return {f"{year}-{month:02d}": date(year, month, monthrange(year, month)[1]) for month in range(1, 13)}


def ended_months(year: int, today: date) -> dict[str, date]:
    """Those that are over, or end today."""
    return {month: last for month, last in months(year).items() if last <= today}


def followed(into: dict[str, str]) -> dict[str, str]:
    """Who went into whom, followed to the one that is left. A circle, which no registry should tell, is left alone."""
    found = {}
    for start in into:
        seen, at = {start}, into[start]
        while at in into and at not in seen:
            seen.add(at)
            at = into[at]
        if at not in seen:
            found[start] = at
    return found


def shown(value: Fraction, unit: Unit) -> str:
    """A value in a unit, as a decimal: exact where the unit's decimals allow it, else rounded half up. A rate that is
    short of the whole is never rounded up to it.
    """
    scaled = value * unit.multiply_by / unit.divide_by
    for decimals in range(unit.least, unit.most + 1):
        if (scaled * 10**decimals).denominator == 1:
            return _decimal(int(scaled * 10**decimals), decimals)
    step = 10**unit.most
    rounded = _half_up(scaled * step)
    whole = unit.multiply_by * step
    if scaled * step < whole <= rounded:
        rounded = whole - 1
    decimals = unit.most
    while decimals > unit.least and rounded % 10 == 0:
        rounded, decimals = rounded // 10, decimals - 1
    return _decimal(rounded, decimals)


def _half_up(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))


def _decimal(scaled: int, decimals: int) -> str:
    sign, digits = "-" if scaled < 0 else "", f"{abs(scaled):0{decimals + 1}d}"
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


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
