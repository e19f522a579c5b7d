"""How long to wait before something that failed is tried again."""

from __future__ import annotations

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 5.0


class Backoff:
    """Delays that double from `first` up to `longest` (seconds), and begin anew after a success. There is no chance in
    them: the waits of several replicas need not differ, since a lock decides between them.
    """

    def __init__(self, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """Return the delay after one more failure, in seconds."""
        delay = min(self._next, self._longest)
        self._next = delay * 2
        return delay

    def reset(self) -> None:
        """Begin with the first delay again, after a success."""
        self._next = self._first
