"""Who may do what in activities; apart from base.py, because rules know no HTTP."""

from __future__ import annotations

from hongxia.http.auth import OFFICE

CENTRE = "centre"
WRITERS = (CENTRE,)
READERS = (CENTRE, OFFICE)
