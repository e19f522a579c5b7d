"""Outreach: the assembly of its rooms, its consumers and its timer."""

from __future__ import annotations

from collections.abc import Sequence

from nameko.timer import timer
from sqlalchemy.orm import Session

from hongxia.dates import day_of
from hongxia.definition import Definition
from hongxia.events.context import context_of
from hongxia.events.envelope import Event
from hongxia.runtime.consume import consume
from hongxia.runtime.service import Service
from services.outreach.aid import events as aid_events
from services.outreach.aid import finance
from services.outreach.aid import schema as aid
from services.outreach.aid.routes import AidRoutes
from services.outreach.base import Base
from services.outreach.cadres import registry
from services.outreach.contacts import events as contact_events
from services.outreach.contacts import schema as contacts
from services.outreach.contacts.routes import ContactRoutes
from services.outreach.contradictions.model import CONTRADICTIONS, Contradiction
from services.outreach.contradictions.routes import ContradictionRoutes
from services.outreach.obligations import events as obligation_events
from services.outreach.obligations import rules as obligation_rules
from services.outreach.obligations import schema as obligations
from services.outreach.obligations.routes import ObligationRoutes
from services.outreach.stays import events as stay_events
from services.outreach.stays import schema as stays
from services.outreach.stays.routes import StayRoutes
from services.outreach.suggestions import events as suggestion_events
from services.outreach.suggestions import schema as suggestions
from services.outreach.suggestions.routes import SuggestionRoutes
from services.outreach.visits import events as visit_events
from services.outreach.visits import schema as visits
from services.outreach.visits.routes import VisitRoutes
from services.outreach.workbook import IMPORTABLE

HOUR = 3600
CADRES_AT_ONCE = 50
"""How many cadres the timer locks at a time."""


class OutreachService(
    VisitRoutes,
    ContactRoutes,
    AidRoutes,
    SuggestionRoutes,
    StayRoutes,
    ObligationRoutes,
    ContradictionRoutes,
    Service,
):
    """走访、每月敬爱连线、帮扶、有呼必应、住院、五必访."""

    name = "outreach"
    definition = Definition(
        title="走访联络",
        metadata=Base.metadata,
        migrations="services.outreach:migrations",
        events=(
            *visit_events.EVENTS,
            *contact_events.EVENTS,
            *aid_events.EVENTS,
            *suggestion_events.EVENTS,
            *stay_events.EVENTS,
            *obligation_events.EVENTS,
            *CONTRADICTIONS.events,
        ),
        lifecycles=(
            visits.LIFECYCLE,
            contacts.LIFECYCLE,
            aid.LIFECYCLE,
            suggestions.LIFECYCLE,
            stays.LIFECYCLE,
            obligations.LIFECYCLE,
            obligations.KIND_LIFECYCLE,
            obligations.FESTIVAL_LIFECYCLE,
            Contradiction.lifecycle,
        ),
        workbooks=(IMPORTABLE,),
        clear=registry.clear,
    )

    @timer(interval=HOUR, eager=True)  # type: ignore[untyped-decorator]
    def mark_missed(self) -> None:
        """The deadlines that passed at midnight, and what the new day asks for."""
        context = self.host.context()
        today = day_of(context.now)
        with self.host.database.begin(context) as session:
            obligation_rules.publish_first(session, today)
        with self.host.database.read() as session:
            concerned = obligation_rules.to_review(session, today)
        for start in range(0, len(concerned), CADRES_AT_ONCE):
            with self.host.database.begin(context) as session:
                obligation_rules.review_some(session, concerned[start : start + CADRES_AT_ONCE], today)

    @consume("registry")
    def from_registry(self, session: Session, events: Sequence[Event]) -> None:
        """Who is a cadre, since when, and who has died; milestones."""
        registry.apply(session, events, day_of(context_of(session).now))

    @consume("finance")
    def from_finance(self, session: Session, events: Sequence[Event]) -> None:
        """What became of approved aid."""
        finance.apply(session, events)
