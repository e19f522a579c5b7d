"""All tables of the registry, for the service's definition and for migrations."""

from __future__ import annotations

from services.registry.base import Base
from services.registry.cadres.model import Cadre, Register
from services.registry.changes.model import Change
from services.registry.contradictions.model import Contradiction
from services.registry.lists.model import Liaison, Street, Unit
from services.registry.milestones.model import Milestone
from services.registry.transfers.model import Transfer

MODELS: tuple[type[Base], ...] = (
    Cadre,
    Register,
    Change,
    Transfer,
    Milestone,
    Street,
    Unit,
    Liaison,
    Contradiction,
)

METADATA = Base.metadata
