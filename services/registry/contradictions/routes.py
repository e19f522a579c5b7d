"""The routes of contradictions."""

from __future__ import annotations

from hongxia.runtime.contradictions import routes_of_contradictions
from services.registry.base import READERS, RECORDS
from services.registry.contradictions.model import CONTRADICTIONS

ContradictionRoutes = routes_of_contradictions(CONTRADICTIONS, READERS, RECORDS)
