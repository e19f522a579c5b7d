"""A year as it is answered: every figure with its state, its growth by month, and the events behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from hongxia.events.envelope import Event, parse
from hongxia.rules import Missing, Violation
from hongxia.schema.fields import yuan
from services.reporting import labels
from services.reporting.facts.generations import live
from services.reporting.facts.kinds import CONTRADICTIONS, LISTS
from services.reporting.facts.model import Fact, Log
from services.reporting.facts.rules import RULES, source_of
from services.reporting.figures import catalogue
from services.reporting.figures.calendar import months
from services.reporting.figures.indicators import NO_DATA, Figure, Year
from services.reporting.figures.measures import Indicator, counted_kinds
from services.reporting.figures.values import printed
from services.reporting.proof.completeness import COMPLETE, NO_DATA_STATE, Reading, SourceState, of_sources, overall

EARLIEST, LATEST = 1990, 2100


def known(year: int) -> int:
    """Return the year. Raises Missing for one that none of ours can be."""
    if not EARLIEST <= year <= LATEST:
        raise Missing(Violation("year", "unknown-year", f"年度应在 {EARLIEST} 到 {LATEST} 之间"))
    return year


def years(session: Session) -> list[int]:
    """Return the years that have facts of a kind which some indicator counts, the oldest first."""
    declared = (indicator for known in catalogue.catalogues() for indicator in known.indicators)
    counted = {kind.name for indicator in declared for kind in counted_kinds(indicator.measure)}
    found = select(Fact.year).where(Fact.generation == live(session), Fact.kind.in_(counted), Fact.year.is_not(None))
    return sorted(session.scalars(found.distinct()))


def catalogue_of(year: int) -> catalogue.Catalogue:
    """Return the catalogue that holds for a year. Raises Missing."""
    return catalogue.for_year(known(year))


def indicator_of(year: int, code: str) -> Indicator:
    """Return an indicator of a year, of the report or beyond it. Raises Missing."""
    found = catalogue_of(year).find(code)
    if found is None:
        raise Missing(Violation("code", "unknown-indicator", f"{year} 年没有代码为 {code} 的指标"))
    return found


class FigureCache:
    """The figures of each year as they were last computed, for as long as no event was applied: cursors, parked events
    and the generation say so. Pages that look again and again cost next to nothing.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, list[Figure]]] = {}

    def figures(self, session: Session, year: int, today: date, read: Iterable[Reading]) -> list[Figure]:
        """Return the figures of a year, in the snapshot of the session that the readings come from."""
        state = (today, live(session), *read)
        known, figures = self._known.get(year, (None, []))
        if known != state:
            facts = Year(session, year, today)
            figures = [facts.figure(indicator) for indicator in catalogue_of(year).indicators]
            self._known[year] = (state, figures)
        return figures


def answer(figure: Figure, states: Mapping[str, SourceState]) -> dict[str, Any]:
    """Return a figure and its state, as the API gives it."""
    indicator = figure.indicator
    sources = of_sources(states, indicator.sources)
    state, reason = overall(sources, figure.pending)
    if figure.no_data and state == COMPLETE:
        state, reason = NO_DATA_STATE, NO_DATA
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
        "printed": None if figure.value is None else printed(figure.value, indicator.unit),
        "value_reason": figure.reason,
        "remark": "；".join(remarks(figure)) or None,
        "contradictory": figure.contradictory,
        "corrected": [{"year": c.year, "amount": yuan(c.amount), "count": c.count} for c in figure.corrected],
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "state": state,
        "reason": reason,
        "sources": sources,
    }


def remarks(figure: Figure) -> Iterator[str]:
    """Yield what has to be said beside a figure."""
    for beside, number in zip(figure.indicator.beside, figure.beside, strict=True):
        if number:
            yield beside.say.format(number)
    for corrected in figure.corrected:
        amount, count = yuan(corrected.amount), corrected.count
        yield f"其后冲销 {amount} 元（{count} 笔，记入 {corrected.year} 年）"
    if figure.contradictory:
        yield f"其中 {figure.contradictory} 条记录存在未说明的矛盾"


def growth(session: Session, year: int, today: date, indicator: Indicator) -> list[dict[str, Any]]:
    """Return the figure as it stood at the end of each month that has begun."""
    return [
        {"month": month, "value": Year(session, year, today, last).measured(indicator).value}
        for month, last in months(year).items()
        if last.replace(day=1) <= today
    ]


def contradictions(session: Session, year: int) -> list[dict[str, Any]]:
    """Return, by source, how many contradictions between records of a year are open, and how many are explained."""
    state = Fact.attrs["state"].as_string()
    query = (
        select(Fact.source, state, func.count())
        .where(Fact.generation == live(session), Fact.year == year)
        .where(Fact.kind.in_([kind.name for kind in CONTRADICTIONS.values()]))
        .group_by(Fact.source, state)
    )
    counts = {(source, state): count for source, state, count in session.execute(query)}
    return [
        {
            "source": source,
            "open": counts.get((source, "open"), 0),
            "explained": counts.get((source, "explained"), 0),
            "path": f"/contradictions?state=open&since={year}-01-01&until={year}-12-31",
        }
        for source in CONTRADICTIONS
    ]


def events_behind(session: Session, year: int, today: date, indicator: Indicator) -> Select[Any]:
    """Return the query of the entries of the log that make a figure."""
    facts = Year(session, year, today).behind(indicator).subquery()
    return select(Log).join(facts, and_(Log.source == facts.c.source, Log.position == facts.c.position))


def listed_labels(session: Session) -> dict[str, dict[str, str]]:
    """Return what the codes of the bureau's lists are called, by kind of fact."""
    attrs = Fact.attrs
    query = select(Fact.kind, attrs["code"].as_string(), attrs["label"].as_string())
    query = query.where(Fact.generation == live(session), Fact.kind.in_([kind.name for kind in LISTS]))
    found: dict[str, dict[str, str]] = {}
    for kind, code, label in session.execute(query):
        found.setdefault(kind, {})[code] = label
    return found


def entry_out(entry: Log, lists: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return an entry of the log with its data in Chinese, and where its record is."""
    event = parse(entry.body)
    kind = RULES[entry.type][0].kind
    parent = event.data.get(kind.parent.name) if kind.parent else None
    return {
        "source": entry.source,
        "position": entry.position,
        "id": entry.id,
        "type": entry.type,
        "title": labels.title_of(entry.type),
        "subject": entry.subject,
        "occurredon": entry.occurredon,
        "entityversion": entry.entityversion,
        "data": event.data,
        "labelled": list(_labelled(event, lists)),
        "record": {
            "service": source_of(entry.type),
            "path": "/" + kind.record.format(entity=entry.subject, parent=parent),
        },
    }


def _labelled(event: Event, lists: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """The fields of an event that have a Chinese name and say something."""
    listed = {field.name: field.listed for rule in RULES[event.type] for field in rule.fields if field.listed}
    for name, value in event.data.items():
        label = labels.field_label(event.type, name)
        if label is None or value in (None, "", False):
            continue
        known = lists.get(listed.get(name, ""), {})
        yield {"label": label, "value": known.get(str(value)) or labels.value_label(event.type, name, value)}
