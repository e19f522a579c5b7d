"""Reporting: the log of all events, the year's figures, their proof, and the dashboard. An assembly of its rooms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nameko.extensions import DependencyProvider
from sqlalchemy.orm import Session

from hongxia.definition import Definition
from hongxia.events.envelope import Event
from hongxia.runtime.consume import consume
from hongxia.runtime.host import Hosting
from hongxia.runtime.service import Service
from services.reporting.base import Shared
from services.reporting.facts import rebuild, recording
from services.reporting.facts.model import Base
from services.reporting.figures import catalogue
from services.reporting.figures.answers import FigureCache
from services.reporting.figures.routes import FigureRoutes
from services.reporting.page.routes import PageRoutes
from services.reporting.proof.heads import Heads
from services.reporting.proof.routes import ProofRoutes

HEAD_SECONDS = 3.0


class Sharing(DependencyProvider):
    """Gives every request the same Shared; a catalogue that can't be used stops the service when it starts."""

    hosting = Hosting()

    def setup(self) -> None:
        """Check the catalogues, end a rebuild that a crash left behind, and begin with nothing known."""
        catalogue.catalogues()
        host = self.hosting.host
        rebuild.give_up_unfinished(host.database, host.context())
        self._shared = Shared(Heads(lambda source: host.feed(source, HEAD_SECONDS).head()), FigureCache())

    def get_dependency(self, worker_ctx: Any) -> Shared:
        """Return the same for every request."""
        return self._shared


class ReportingService(PageRoutes, ProofRoutes, FigureRoutes, Service):
    """事件日志、指标、看板。"""

    name = "reporting"
    definition = Definition(
        title="报表",
        metadata=Base.metadata,
        migrations="services.reporting:migrations",
        clear=recording.clear,
        front=True,
    )
    shared: Shared = Sharing()

    @consume("registry")
    def from_registry(self, session: Session, events: Sequence[Event]) -> None:
        """Cadres, milestones, lists."""
        recording.record(session, "registry", events)

    @consume("outreach")
    def from_outreach(self, session: Session, events: Sequence[Event]) -> None:
        """Visits, contacts, stays, obligations, aid, suggestions."""
        recording.record(session, "outreach", events)

    @consume("activities")
    def from_activities(self, session: Session, events: Sequence[Event]) -> None:
        """Sessions, attendance, works, health checks, vaccination."""
        recording.record(session, "activities", events)

    @consume("finance")
    def from_finance(self, session: Session, events: Sequence[Event]) -> None:
        """Budget, expenditure, payment of aid."""
        recording.record(session, "finance", events)
