"""The routes of figures."""

from __future__ import annotations

from typing import Any

from hongxia.http.endpoint import Call
from hongxia.paging import Page, paginate
from hongxia.schema.derive import PageQuery
from services.reporting.base import ReportingBase, figure
from services.reporting.facts.generations import snapshot
from services.reporting.facts.model import Log
from services.reporting.figures import answers
from services.reporting.figures.indicators import Year
from services.reporting.figures.schema import EventOut, GrowthOut, IndicatorOut, IndicatorsOut, YearsOut
from services.reporting.proof.completeness import readings


class FigureRoutes(ReportingBase):
    """The figures of a year, each by month and with the events behind it."""

    @figure("/years", "有数据的年度", YearsOut)
    def list_years(self, call: Call) -> dict[str, list[int]]:
        """The years that have something to count."""
        return {"years": answers.years(call.session)}

    @figure("/years/<int:year>/indicators", "年度指标", IndicatorsOut)
    def indicators(self, call: Call, year: int) -> dict[str, Any]:
        """Every figure of a year with its state."""
        return self.answered(call, year)

    @figure("/years/<int:year>/beyond", "报告以外的指标", IndicatorOut, PageQuery, many=True)
    def beyond(self, call: Call, year: int) -> Page:
        """The figures that stand in no report."""
        found = answers.catalogue_of(year).beyond
        snapshot(call.session)
        read = readings(call.session, self.host.consumers)
        facts = Year(call.session, year, call.today)
        figures = [facts.figure(indicator) for indicator in found]
        states = self.states(call, read)
        return Page([answers.answer(each, states) for each in figures])

    @figure("/years/<int:year>/indicators/<code>", "一项指标", IndicatorOut)
    def indicator(self, call: Call, year: int, code: str) -> dict[str, Any]:
        """One figure of a year with its state."""
        found = answers.indicator_of(year, code)
        snapshot(call.session)
        read = readings(call.session, found.sources)
        value = Year(call.session, year, call.today).figure(found)
        return answers.answer(value, self.states(call, read))

    @figure("/years/<int:year>/indicators/<code>/months", "一项指标逐月累计", GrowthOut)
    def months(self, call: Call, year: int, code: str) -> dict[str, Any]:
        """A figure as it stood at the end of each month."""
        found = answers.indicator_of(year, code)
        return {"code": code, "months": answers.growth(call.session, year, call.today, found)}

    @figure("/years/<int:year>/indicators/<code>/events", "一项指标背后的事件", EventOut, PageQuery, many=True)
    def events_behind(self, call: Call, year: int, code: str) -> Page:
        """The entries of the log that make a figure."""
        query = answers.events_behind(call.session, year, call.today, answers.indicator_of(year, code))
        found = paginate(call.session, query, [Log.source, Log.position], call.query)
        lists = answers.listed_labels(call.session)
        return Page([answers.entry_out(entry, lists) for entry in found.items], found.next_cursor)

    def answered(self, call: Call, year: int) -> dict[str, Any]:
        """Return the figures of a year, as the table and the page show them."""
        declared = answers.catalogue_of(year)
        snapshot(call.session)
        read = readings(call.session, self.host.consumers)
        figures = self.shared.figures.figures(call.session, year, call.today, read)
        contradictions = answers.contradictions(call.session, year)
        states = self.states(call, read)
        items = [answers.answer(each, states) for each in figures]
        sources = list(states.values())
        return {
            "year": year,
            "catalogue": declared.year,
            "items": items,
            "sources": sources,
            "contradictions": contradictions,
        }
