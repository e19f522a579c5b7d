"""A source's feed as a consumer reaches it: the real pages and head, with the network's delays in between."""

from __future__ import annotations

import json
from collections.abc import Callable

from hongxia.events import feed
from hongxia.events.envelope import Event, parse
from hongxia.events.feed import FeedAway, Head
from hongxia.events.heads import Place

from .faults import Faults
from .services import Node


class Reach:
    """The Feed of one source. `meanwhile` lets others act before the answer arrives."""

    def __init__(self, node: Node, faults: Faults, meanwhile: Callable[[], None]) -> None:
        self._node = node
        self._faults = faults
        self._meanwhile = meanwhile

    def head(self, holds: Place | None = None) -> Head:
        """See Feed."""
        self._ask()
        with self._node.database.read() as session:
            found = feed.head(session)
        if self._faults.strikes("slow head"):
            self._meanwhile()
        return found

    def page(self, after: int, limit: int, chain: str | None = None) -> list[Event]:
        """See Feed. The JSON is written anew on the way, as HTTP libraries do."""
        self._ask()
        if self._faults.strikes("pages of one event"):
            limit = 1
        with self._node.database.read() as session:
            bodies = feed.page(session, after, limit)
        if self._faults.strikes("slow page"):
            self._meanwhile()
        return [parse(json.dumps(json.loads(body)).encode()) for body in bodies]

    def _ask(self) -> None:
        if self._faults.strikes("feed away"):
            raise FeedAway("simulated")
