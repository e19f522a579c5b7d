"""Reporting's endpoints: the year's figures and what stands behind them, rebuild, verification, the dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nameko.extensions import DependencyProvider
from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.definition import Definition
from hongxia.events.envelope import Event
from hongxia.http.endpoint import Call, Page, Reply
from hongxia.paging import paginate
from hongxia.roles import OFFICE, OPERATOR
from hongxia.runtime import green
from hongxia.runtime.consume import consume
from hongxia.runtime.host import Hosting
from hongxia.runtime.http import route
from hongxia.runtime.service import Service
from hongxia.schema.derive import PageQuery
from services.reporting import catalogue, digest, figures, page, rebuild, recording, schemas, verification
from services.reporting.completeness import Reading, SourceState, compared, readings
from services.reporting.figures import Taken
from services.reporting.heads import Heads
from services.reporting.indicators import Year, live
from services.reporting.labels import title_of
from services.reporting.models import Base, Fact, Log

READERS = (OFFICE, OPERATOR)
HEAD_SECONDS = 3.0


@dataclass(frozen=True)
class Kept:
    """What is kept from one request to the next: the sources' heads, and the figures while nothing changes them."""

    heads: Heads
    taken: Taken


class Memory(DependencyProvider):  # type: ignore[misc]
    """Keeps it; a catalogue that can't be used stops the service when it starts."""

    hosting = Hosting()

    def setup(self) -> None:
        """Check the catalogues, end a rebuild that a crash left behind, and begin with nothing known."""
        catalogue.catalogues()
        host = self.hosting.host
        rebuild.give_up_unfinished(host.database, host.context())
        self._kept = Kept(Heads(lambda source: host.feed(source, HEAD_SECONDS).head()), Taken())

    def get_dependency(self, worker_ctx: Any) -> Kept:
        """The same for every request."""
        return self._kept


class ReportingService(Service):
    """事件日志、指标、看板。"""

    name = "reporting"
    definition = Definition(
        title="报表",
        metadata=Base.metadata,
        migrations="services.reporting:migrations",
        forget=recording.forget,
        front=True,
    )
    kept: Kept = Memory()

    @consume("registry")
    def from_registry(self, session: Session, events: Sequence[Event]) -> None:
        """Cadres."""
        recording.record(session, "registry", events)

    @consume("outreach")
    def from_outreach(self, session: Session, events: Sequence[Event]) -> None:
        """Visits, contacts, aid, suggestions."""
        recording.record(session, "outreach", events)

    @consume("activities")
    def from_activities(self, session: Session, events: Sequence[Event]) -> None:
        """Sessions, attendance, works, health checks, vaccination."""
        recording.record(session, "activities", events)

    @consume("finance")
    def from_finance(self, session: Session, events: Sequence[Event]) -> None:
        """Budget, expenditure, payment of aid."""
        recording.record(session, "finance", events)

    @route("GET", "/years", summary="有数据的年度", roles=READERS, returns=schemas.YearsOut)
    def list_years(self, call: Call) -> dict[str, list[int]]:
        """The years that have something to count."""
        return {"years": figures.years(call.session)}

    @route("GET", "/years/<int:year>/indicators", summary="年度指标", roles=READERS, returns=schemas.IndicatorsOut)
    def indicators(self, call: Call, year: int) -> dict[str, Any]:
        """Every figure of a year with its state."""
        return self._answered(call, year)

    @route(
        "GET",
        "/years/<int:year>/indicators/<code>",
        summary="一项指标",
        roles=READERS,
        returns=schemas.IndicatorOut,
    )
    def indicator(self, call: Call, year: int, code: str) -> dict[str, Any]:
        """One figure of a year with its state."""
        found = figures.indicator_of(year, code)
        rebuild.snapshot(call.session)
        read = readings(call.session, found.sources)
        figure = Year(call.session, year, call.today).figure(found)
        return figures.answer(figure, self._states(call, read))

    @route(
        "GET",
        "/years/<int:year>/indicators/<code>/months",
        summary="一项指标逐月累计",
        roles=READERS,
        returns=schemas.GrowthOut,
    )
    def months(self, call: Call, year: int, code: str) -> dict[str, Any]:
        """A figure as it stood at the end of each month."""
        found = figures.indicator_of(year, code)
        return {"code": code, "months": figures.growth(call.session, year, call.today, found)}

    @route(
        "GET",
        "/years/<int:year>/indicators/<code>/events",
        summary="一项指标背后的事件",
        roles=READERS,
        query=PageQuery,
        returns=schemas.EventOut,
        many=True,
    )
    def events_behind(self, call: Call, year: int, code: str) -> Page:
        """The entries of the log that make a figure."""
        query = figures.events_behind(call.session, year, call.today, figures.indicator_of(year, code))
        found = paginate(call.session, query, [Log.source, Log.position], call.query)
        return Page([figures.told(entry, title_of) for entry in found.items], found.next_cursor)

    @route(
        "GET",
        "/years/<int:year>/facts",
        summary="年度事实",
        roles=READERS,
        query=schemas.FactsQuery,
        returns=schemas.FactOut,
        many=True,
    )
    def facts(self, call: Call, year: int) -> Page:
        """The facts that a year's digest covers, in its order."""
        query = select(Fact).where(Fact.generation == live(call.session), digest.in_year(figures.known(year)))
        if call.query["kind"]:
            query = query.where(Fact.kind == call.query["kind"])
        return paginate(call.session, query, [Fact.kind, Fact.entity], call.query)

    @route("GET", "/years/<int:year>/digest", summary="年度摘要", roles=READERS, returns=schemas.DigestOut)
    def year_digest(self, call: Call, year: int) -> dict[str, Any]:
        """One hash over all facts of a year, and how far each source had been read."""
        rebuild.snapshot(call.session)
        found = digest.of_year(call.session, live(call.session), figures.known(year), green.sleep)
        cursors = readings(call.session, self.host.consumers)
        return {"year": year, "digest": found.digest, "facts": found.facts, "cursors": cursors}

    @route(
        "POST",
        "/years/<int:year>/verification",
        summary="以日志核对年度",
        roles=READERS,
        returns=schemas.VerifiedOut,
        writes=False,
    )
    def verify_year(self, call: Call, year: int) -> verification.Verified:
        """Hold a year against the log; changes nothing."""
        rebuild.snapshot(call.session)
        return verification.verify(call.session, figures.known(year), list(self.host.consumers), green.sleep)

    @route(
        "POST",
        "/rebuild",
        summary="由日志重建全部事实",
        roles=(OPERATOR,),
        returns=schemas.RebuiltOut,
        writes=False,
    )
    def rebuild_facts(self, call: Call) -> rebuild.Rebuilt:
        """Derive every fact anew, beside live traffic."""
        call.session.rollback()
        return rebuild.rebuild(self.host.database, call.context, green.sleep)

    @route("GET", "/", summary="看板", public=True)
    def dashboard(self, call: Call) -> Reply:
        """The dashboard, or where to show a token."""
        return page.dashboard(self.host.token_secret, call, lambda year: self._answered(call, year))

    @route("GET", "/static/<name>", summary="看板所用的文件")
    def static_file(self, call: Call, name: str) -> Reply:
        """Script, style and chart library of the dashboard."""
        return page.static(name)

    @route(
        "POST",
        "/session",
        summary="让浏览器记住令牌",
        returns=schemas.SessionOut,
        writes=False,
    )
    def open_session(self, call: Call) -> Reply:
        """Have the browser keep the token that came with this request."""
        return page.remember(call)

    @route("DELETE", "/session", summary="让浏览器忘记令牌", cookie=True, writes=False)
    def close_session(self, call: Call) -> Reply:
        """Have the browser forget the token."""
        return page.forget(call)

    def _answered(self, call: Call, year: int) -> dict[str, Any]:
        declared = figures.indicators_of(year)
        rebuild.snapshot(call.session)
        read = readings(call.session, self.host.consumers)
        taken = self.kept.taken.figures(call.session, year, call.today, read)
        states = self._states(call, read)
        items = [figures.answer(figure, states) for figure in taken]
        return {"year": year, "catalogue": declared.year, "items": items, "sources": list(states.values())}

    def _states(self, call: Call, read: Iterable[Reading]) -> dict[str, SourceState]:
        """Beside the heads, which are asked for once the snapshot is closed: no call is made within a transaction."""
        call.session.rollback()
        return {
            reading.source: compared(reading, self.kept.heads.of(reading.source, reading.position)) for reading in read
        }
