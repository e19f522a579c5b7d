"""The sources' own heads, asked for over their feeds and remembered for a moment. No transaction is open meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from hongxia.events.feed import FeedAway, Head

FRESH_SECONDS = 1.0
AWAY_SECONDS = 5.0
"""How long a source that could not be reached is not asked again, so that a page does not wait for it each time."""


class Heads:
    """Remembers what `fetch` (source → Head, raises FeedAway) said."""

    def __init__(self, fetch: Callable[[str], Head], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Head | None]] = {}

    def of(self, source: str, position: int) -> Head | None:
        """The head of a source, None if it can't be reached. One that was seen before the cursor came to `position`
        is asked for again, so that a source which was put back differs from one that went on.
        """
        until, head = self._known.get(source, (0.0, None))
        if self._monotonic() < until and (head is None or head.position >= position):
            return head
        try:
            head, keep = self._fetch(source), FRESH_SECONDS
        except FeedAway:
            head, keep = None, AWAY_SECONDS
        self._known[source] = (self._monotonic() + keep, head)
        return head
