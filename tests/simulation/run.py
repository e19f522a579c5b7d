"""Runs one seed from its beginning to its rest; a failure says how to see it again."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Collection

from .history import History, World
from .liveness import come_to_rest
from .truth import Violation


class Failed(Exception):
    """A history in which the platform broke a promise or stumbled."""

    def __init__(self, seed: int, error: Exception) -> None:
        self.seed = seed
        broken = isinstance(error, Violation)
        what = str(error) if broken else "".join(traceback.format_exception(error))
        super().__init__(f"seed {seed}: {what}\nto see it: python -m tests.simulation --seed {seed}")


def play(
    world: World, seed: int, say: Callable[[str], None] | None = None, needed: Collection[str] = ()
) -> Counter[str]:
    """One history; returns the faults that it had, by kind. Raises Failed."""
    history = History(world, seed, say, needed)
    try:
        history.run()
        come_to_rest(history)
    except Exception as error:
        raise Failed(seed, error) from error
    return history.faults.struck


def play_all(seeds: range) -> tuple[Counter[str], list[str]]:
    """Many histories, in a world of their own; returns the faults that they had, and what failed."""
    world, failures = World(), []
    struck: Counter[str] = Counter()
    for seed in seeds:
        try:
            struck.update(play(world, seed))
        except Failed as failed:
            failures.append(str(failed))
    return struck, failures
