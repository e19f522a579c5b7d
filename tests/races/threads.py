"""Work in threads that a test can wait for with a deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

DEADLINE_SECONDS = 20.0
"""How long a test waits for something that normally takes milliseconds."""


class Task(Generic[T]):
    """A function that runs in a thread of its own, which does not keep pytest alive if it hangs."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._value: T
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def ident(self) -> int | None:
        """The thread's identifier; None before it has started."""
        return self._thread.ident

    @property
    def ended(self) -> bool:
        """Whether the function has returned or raised."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def start(self) -> Task[T]:
        """Start the thread; returns the task itself."""
        self._thread.start()
        return self

    def result(self, seconds: float = DEADLINE_SECONDS) -> T:
        """Return what the function returned, or raise what it raised. Raises AssertionError after `seconds`."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"a thread has not ended after {seconds:.0f} seconds"
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asks for the result
            self._error = error


def start(work: Callable[[], T]) -> Task[T]:
    """Start a function in a thread of its own."""
    return Task(work).start()
