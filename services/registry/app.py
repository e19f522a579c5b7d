"""The registry's assembly: its rooms, what it publishes, what it does by itself."""

from __future__ import annotations

from nameko.timer import timer

from hongxia.dates import day_of
from hongxia.definition import Definition
from hongxia.runtime.service import Service
from services.registry.cadres import events as cadres
from services.registry.cadres.model import Cadre
from services.registry.cadres.routes import CadreRoutes
from services.registry.changes import events as changes
from services.registry.changes.model import Change
from services.registry.changes.routes import ChangeRoutes
from services.registry.contradictions.model import CONTRADICTIONS, Contradiction
from services.registry.contradictions.routes import ContradictionRoutes
from services.registry.deaths import events as deaths
from services.registry.deaths.routes import DeathRoutes
from services.registry.lists import declared as lists
from services.registry.lists.routes import LiaisonRoutes, LoadRoutes, StreetRoutes, UnitRoutes
from services.registry.merges import events as merges
from services.registry.merges.routes import MergeRoutes
from services.registry.milestones import events as milestones
from services.registry.milestones import rules as milestone_rules
from services.registry.milestones.model import Milestone
from services.registry.milestones.routes import MilestoneRoutes
from services.registry.tables import METADATA
from services.registry.transfers import events as transfers
from services.registry.transfers.model import Transfer
from services.registry.transfers.routes import TransferRoutes
from services.registry.workbook import IMPORTABLE

HOUR = 3600


class RegistryService(
    CadreRoutes,
    ChangeRoutes,
    DeathRoutes,
    TransferRoutes,
    MergeRoutes,
    MilestoneRoutes,
    StreetRoutes,
    UnitRoutes,
    LiaisonRoutes,
    LoadRoutes,
    ContradictionRoutes,
    Service,
):
    """干部名册。"""

    name = "registry"
    definition = Definition(
        title="干部名册",
        metadata=METADATA,
        migrations="services.registry:migrations",
        events=(
            *cadres.EVENTS,
            *changes.EVENTS,
            *deaths.EVENTS,
            *transfers.EVENTS,
            *merges.EVENTS,
            *milestones.EVENTS,
            *lists.EVENTS,
            *CONTRADICTIONS.events,
        ),
        lifecycles=(
            Cadre.lifecycle,
            Change.lifecycle,
            Transfer.lifecycle,
            Milestone.lifecycle,
            *lists.LIFECYCLES,
            Contradiction.lifecycle,
        ),
        workbooks=(IMPORTABLE,),
    )

    @timer(interval=HOUR, eager=True)  # type: ignore[untyped-decorator]
    def announce_milestones(self) -> None:
        """The birthdays and Party anniversaries of the month."""
        context = self.host.context()
        with self.host.database.begin(context) as session:
            milestone_rules.announce(session, day_of(context.now))
