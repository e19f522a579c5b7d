"""What keeps callers from taking more of a process than is theirs: polls counted by subject, costly answers kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Generic, TypeVar

from hongxia.runtime.green import Slots

MOST_POLLS = 10
"""How many long polls one subject may have waiting at once in a process."""

Answer = TypeVar("Answer")


class TooManyPolls(Exception):
    """The subject has as many long polls waiting as it may have."""


class Polls:
    """The long polls that wait, counted by subject."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def by(self, subject: str | None) -> Iterator[None]:
        """Count one more of a subject for the time of a block; None does not wait. Raises TooManyPolls."""
        if subject is None:
            yield
            return
        if self._waiting[subject] >= MOST_POLLS:
            raise TooManyPolls
        self._waiting[subject] += 1
        try:
            yield
        finally:
            self._waiting[subject] -= 1
            if not self._waiting[subject]:
                del self._waiting[subject]


class Busy(Exception):
    """The work is being done for somebody else."""


class OneAtATime:
    """A work that takes so much of a process that two of it would be too much."""

    def __init__(self) -> None:
        self._busy = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have the work to oneself for the time of a block. Raises Busy."""
        if self._busy:
            raise Busy
        self._busy = True
        try:
            yield
        finally:
            self._busy = False


class Remembered(Generic[Answer]):
    """An answer that costs something, good for some seconds. It is found by one at a time; others wait for it."""

    def __init__(self, seconds: float, now: Callable[[], float] = monotonic) -> None:
        """`now` gives seconds that never go back."""
        self._seconds = seconds
        self._now = now
        self._turn = Slots(1)
        self._found: tuple[Answer, float] | None = None

    def get(self, find: Callable[[], Answer]) -> Answer:
        """Return the answer, found anew if it is too old. Raises what `find` raises."""
        self._turn.take()
        try:
            if self._found is None or self._now() >= self._found[1]:
                answer = find()
                self._found = (answer, self._now() + self._seconds)
            return self._found[0]
        finally:
            self._turn.give_back()
