"""The routes of contradictions."""

from __future__ import annotations

from hongxia.roles import OFFICE
from hongxia.runtime.contradictions import routes_of_contradictions
from services.outreach.base import LEADER, LIAISON, READERS
from services.outreach.contradictions.model import CONTRADICTIONS

ContradictionRoutes = routes_of_contradictions(CONTRADICTIONS, READERS, (LIAISON, LEADER, OFFICE))
