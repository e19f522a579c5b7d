"""A year as it is answered: every figure with its state, its growth by month, and the events behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from hongxia.events.envelope import parse
from hongxia.http.problems import NotFound
from services.reporting import catalogue
from services.reporting.completeness import Reading, SourceState, of_sources, overall
from services.reporting.facts import RULES
from services.reporting.indicators import Figure, Year, live, months
from services.reporting.measures import Indicator, kinds
from services.reporting.models import Fact, Log

EARLIEST, LATEST = 1990, 2100


def known(year: int) -> int:
    """The year. Raises NotFound for one that none of ours can be."""
    if not EARLIEST <= year <= LATEST:
        raise NotFound(f"年度应在 {EARLIEST} 到 {LATEST} 之间", slug="unknown-year")
    return year


def years(session: Session) -> list[int]:
    """The years that have facts of a kind which some indicator counts, the oldest first."""
    declared = (indicator for known in catalogue.catalogues() for indicator in known.indicators)
    counted = {kind.name for indicator in declared for kind in kinds(indicator.measure)}
    found = select(Fact.year).where(Fact.generation == live(session), Fact.kind.in_(counted), Fact.year.is_not(None))
    return sorted(session.scalars(found.distinct()))


def indicators_of(year: int) -> catalogue.Catalogue:
    """The catalogue that holds for a year. Raises NotFound."""
    return catalogue.for_year(known(year))


def indicator_of(year: int, code: str) -> Indicator:
    """An indicator of a year. Raises NotFound."""
    found = indicators_of(year).find(code)
    if found is None:
        raise NotFound(f"没有代码为 {code} 的指标", slug="unknown-indicator")
    return found


class Taken:
    """The figures of each year as they were last taken, for as long as nothing came to the facts: these are what the
    cursors, the parked events and the generation say, so that pages which look again and again cost next to nothing.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, list[Figure]]] = {}

    def figures(self, session: Session, year: int, today: date, read: Iterable[Reading]) -> list[Figure]:
        """The figures of a year, in the snapshot of the session that the readings come from."""
        state = (today, live(session), *read)
        known, figures = self._known.get(year, (None, []))
        if known != state:
            facts = Year(session, year, today)
            figures = [facts.figure(indicator) for indicator in indicators_of(year).indicators]
            self._known[year] = (state, figures)
        return figures


def answer(figure: Figure, states: Mapping[str, SourceState]) -> dict[str, Any]:
    """A figure and its state, as the API gives it."""
    indicator = figure.indicator
    sources = of_sources(states, indicator.sources)
    state, reason = overall(sources, figure.pending)
    return {
        "code": indicator.code,
        "name": indicator.name,
        "unit": indicator.unit.name,
        "service": indicator.service,
        "category": indicator.category,
        "weight": indicator.weight,
        "target": indicator.target,
        "printed_as": indicator.printed_as,
        "value": figure.value,
        "value_reason": figure.reason,
        "remark": _remark(figure),
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "state": state,
        "reason": reason,
        "sources": sources,
    }


def _remark(figure: Figure) -> str | None:
    kind = figure.indicator.left_out
    return f"另有 {figure.left_out} 件{kind.title}，未计入" if kind and figure.left_out else None


def growth(session: Session, year: int, today: date, indicator: Indicator) -> list[dict[str, Any]]:
    """The figure as it stood at the end of each month that has begun, by the dates that its facts count for."""
    return [
        {"month": month, "value": Year(session, year, today, last).figure(indicator).value}
        for month, last in months(year).items()
        if last.replace(day=1) <= today
    ]


def events_behind(session: Session, year: int, today: date, indicator: Indicator) -> Select[Any]:
    """The entries of the log that make a figure."""
    facts = Year(session, year, today).behind(indicator).subquery()
    return select(Log).join(facts, and_(Log.source == facts.c.source, Log.position == facts.c.position))


def told(entry: Log, title: Callable[[str], str]) -> dict[str, Any]:
    """An entry of the log with its data, and where its record is."""
    event = parse(entry.body)
    kind = RULES[entry.type].kind
    parent = event.data.get(kind.parent.name) if kind.parent else None
    return {
        "source": entry.source,
        "position": entry.position,
        "id": entry.id,
        "type": entry.type,
        "title": title(entry.type),
        "subject": entry.subject,
        "occurredon": entry.occurredon,
        "entityversion": entry.entityversion,
        "data": event.data,
        "record": {"service": entry.source, "path": "/" + kind.record.format(entity=entry.subject, parent=parent)},
    }
