"""The simulation finds out what it claims to: a deliberate breakage fails in a history that the real step survives."""

import pytest

from .breakages import BREAKAGES, broken
from .history import World
from .run import Failed, play

MOST_SEEDS = 400


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_breakage_is_found_out(world: World, name: str) -> None:
    with broken(name) as breakage, pytest.raises(Failed) as found:
        for seed in range(MOST_SEEDS):
            play(world, seed, needed=breakage.needs)
    play(world, found.value.seed, needed=breakage.needs)
