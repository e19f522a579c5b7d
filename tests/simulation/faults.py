"""What may go wrong: each kind with the chance that it strikes where it can; each strike is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from random import Random

CRASHES = {
    "number:before-commit": 0.10,
    "number:after-commit": 0.10,
    "publish:before-send": 0.10,
    "publish:before-mark": 0.15,
    "publish:after-mark": 0.10,
    "apply:before-commit": 0.12,
    "apply:after-commit": 0.12,
    "receive:before-refusal": 0.08,
    "receive:before-ack": 0.12,
    "heal:after-page": 0.15,
    "replay:before-event": 0.4,
}
"""The platform's named points, and how often the process dies there."""

MISCHIEF = (
    "message lost",
    "message doubled",
    "messages reordered",
    "message corrupted",
    "message re-serialised",
    "forged event",
    "forged history",
    "foreign event",
    "field withheld",
    "head lost",
    "no event at all",
)
"""What may happen to messages that lie in a queue."""

DAMAGE = ("source restored from a backup", "row of the log altered", "row of the log removed", "feed forgotten")
"""What makes a source's log another one than its consumers have read."""

TROUBLES = ("handler fails once", "handler fails", "handler raises an event twice", "database away in the handler")
"""What may be wrong with the handling of one event."""

KINDS: dict[str, float] = {
    **{f"crash at {point}": chance for point, chance in CRASHES.items()},
    **dict.fromkeys(MISCHIEF, 1.0),
    **dict.fromkeys(DAMAGE, 1.0),
    **dict.fromkeys(TROUBLES, 0.12),
    "commit rolled back": 0.2,
    "commit overtaken by another": 0.1,
    "event of an unknown type": 0.06,
    "event with malformed data": 0.06,
    "database away at the commit": 0.12,
    "database cut after the commit": 0.08,
    "process frozen": 0.08,
    "message refused for good": 0.05,
    "confirm comes late": 0.1,
    "publisher cut without notice": 0.08,
    "consumer cut without notice": 1.0,
    "broker silent": 1.0,
    "broker alarm": 1.0,
    "message nacked": 0.1,
    "message returned": 0.15,
    "confirm never comes": 0.1,
    "confirms out of order": 0.3,
    "one confirm for many": 0.3,
    "broker dies while publishing": 0.08,
    "broker away": 1.0,
    "broker wiped": 1.0,
    "connection lost with messages in hand": 1.0,
    "acknowledgement lost": 0.15,
    "feed away": 0.15,
    "slow head": 0.4,
    "slow page": 0.4,
    "pages of one event": 0.5,
    "two relays at once": 1.0,
    "two replicas at once": 1.0,
    "consumer restored from a backup": 1.0,
    "stopped source read anew": 1.0,
}

UNNAMED = 0.2
"""The chance of a crash at a point that only a breakage has."""


class Faults:
    """The faults of one history: those that are needed, more often than usual, and about half of the others, so that
    each also comes with others absent.
    """

    def __init__(self, rng: Random, say: Callable[[str], None], needed: Collection[str] = ()) -> None:
        self.on = True
        self.struck: Counter[str] = Counter()
        self._rng = rng
        self._needed = needed
        self._say = say
        self.possible = [kind for kind in KINDS if rng.random() < 0.5 or kind in needed]
        self._chances = {kind: min(1.0, KINDS[kind] * (3 if kind in needed else 1)) for kind in self.possible}

    def strikes(self, kind: str) -> bool:
        """Whether this fault happens here and now."""
        if not self.threatens(kind):
            return False
        self.note(kind)
        return True

    def threatens(self, kind: str) -> bool:
        """Whether this fault is going to happen; who asks notes it when it does."""
        chance = self._chances.get(kind) if self.on else None
        return chance is not None and self._rng.random() < chance

    def crashes(self, point: str) -> bool:
        """Whether the process dies at a named point."""
        if point in CRASHES:
            return self.strikes(f"crash at {point}")
        return self.on and self._rng.random() < UNNAMED

    def note(self, kind: str) -> None:
        """Count a fault that happens."""
        self.struck[kind] += 1
        self._say(f"! {kind}")

    def one_of(self, kinds: tuple[str, ...]) -> str | None:
        """One of these kinds that may strike in this history; a needed one if there is any."""
        possible = [kind for kind in kinds if kind in self._needed] or [kind for kind in kinds if kind in self._chances]
        return self._rng.choice(possible) if self.on and possible else None
