"""Slows down whoever shows wrong tokens again and again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

PER_SECOND = 2.0
"""How many refusals a second an address is told, in the long run."""

BURST = 10
"""How many it is told at once before that: an honest program that holds an old token asks several services."""

CONNECTED_TIMES = 10
"""How much more is told to all addresses that one connected address speaks for: a gateway speaks for many."""

LONGEST_WAIT = 4.0
"""Seconds that a refusal is held back at most."""

MOST_WAITING = 100
"""How many refusals are held back at once; they must not take all the connections that a service has."""

MOST_PEERS = 10_000
"""How many addresses are remembered; the one that failed longest ago is forgotten first."""

_TOLERANCE = (BURST - 1) / PER_SECOND
"""Seconds that failures may come too early: what makes the burst."""

Peer = tuple[str, str]
"""The address that is connected, and the one that it says it speaks for."""


class Failures:
    """When the next refusal of each address is due (the "virtual scheduling" form of the leaky bucket, ITU-T I.371).

    Only refusals wait; whoever shows a valid token behind the same address is not touched.
    """

    def __init__(
        self, sleep: Callable[[float], object] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`sleep` lets other requests run meanwhile (under eventlet the standard library's does)."""
        self._sleep = sleep
        self._clock = clock
        self._due: OrderedDict[str, float] = OrderedDict()
        self._waiting = 0

    def wait(self, peer: Peer) -> bool:
        """Hold a refusal back as long as the peer's failures ask for. Returns whether the reason may be told; if not,
        the peer fails so fast that it is only told to slow down.
        """
        connected, behind = peer
        seconds = max(
            self._take(f"{connected} {behind}", 1 / PER_SECOND),
            self._take(connected, 1 / PER_SECOND / CONNECTED_TIMES),
        )
        if self._waiting >= MOST_WAITING:
            return False
        if seconds > 0:
            self._waiting += 1
            try:
                self._sleep(min(seconds, LONGEST_WAIT))
            finally:
                self._waiting -= 1
        return seconds <= LONGEST_WAIT

    def _take(self, address: str, interval: float) -> float:
        """Count one failure, and return in how many seconds it is due. One that comes too early is due later, up to
        twice the longest wait, so that whoever stops is soon forgiven.
        """
        now = self._clock()
        due = max(self._due.pop(address, now), now)
        self._due[address] = min(due + interval, now + _TOLERANCE + 2 * LONGEST_WAIT)
        while len(self._due) > MOST_PEERS:
            self._due.popitem(last=False)
        return max(0.0, due - now - _TOLERANCE)
