"""Who may do what in activities."""

from __future__ import annotations

from hongxia.roles import OFFICE

CENTRE = "centre"
WRITERS = (CENTRE,)
READERS = (CENTRE, OFFICE)
