"""Which mutants are tested: a sample that its seed determines, spread over lines and groups."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from tests.mutants.operators import Mutant


def sample(mutants: Iterable[Mutant], seed: int) -> list[Mutant]:
    """Return the mutants in the order in which they are tested.

    First comes one of each line, in random order, then a second one of each line that has one, and so on.
    """
    chance = random.Random(seed)
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for mutant in mutants:
        by_line.setdefault((mutant.path, mutant.line), []).append(mutant)
    for of_line in by_line.values():
        chance.shuffle(of_line)
    rounds = [[mutant for mutant in turn if mutant] for turn in zip_longest(*by_line.values())]
    for turn in rounds:
        chance.shuffle(turn)
    return [mutant for turn in rounds for mutant in turn]


def taking_turns(orders: Mapping[str, Sequence[Mutant]]) -> Iterator[tuple[str, Mutant]]:
    """Return the mutants of all groups, one of each group in turn, so that no group waits for another's end."""
    for turn in zip_longest(*orders.values()):
        for name, mutant in zip(orders, turn, strict=True):
            if mutant is not None:
                yield name, mutant
