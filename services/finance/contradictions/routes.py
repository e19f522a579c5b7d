"""The routes of contradictions."""

from __future__ import annotations

from hongxia.runtime.contradictions import routes_of_contradictions
from services.finance.base import ACCOUNTANT, READERS
from services.finance.contradictions.model import CONTRADICTIONS

ContradictionRoutes = routes_of_contradictions(CONTRADICTIONS, READERS, ACCOUNTANT)
