"""The events of contradictions, and the list itself."""

from __future__ import annotations

from hongxia.contradictions import declare
from services.outreach.contradictions.model import Contradiction
from services.outreach.contradictions.schema import KINDS

CONTRADICTIONS = declare("outreach", Contradiction, KINDS)

EVENTS = CONTRADICTIONS.events
