"""The routes of contradictions."""

from __future__ import annotations

from hongxia.runtime.contradictions import routes_of_contradictions
from services.activities.contradictions.model import CONTRADICTIONS
from services.activities.roles import READERS, WRITERS

ContradictionRoutes = routes_of_contradictions(CONTRADICTIONS, READERS, WRITERS)
