"""Thousands of short histories of the real platform, with everything going wrong that may go wrong."""

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from .faults import KINDS
from .run import play_all

HISTORIES = 2_000
CHUNK = 250
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def played() -> tuple[Counter[str], list[str]]:
    """All histories, on two processors: the faults that they had, and what failed."""
    chunks = [range(first, first + CHUNK) for first in range(0, HISTORIES, CHUNK)]
    struck: Counter[str] = Counter()
    failures: list[str] = []
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as processes:
        for faults, failed in processes.map(play_all, chunks):
            struck.update(faults)
            failures += failed
    return struck, failures


def test_no_history_breaks_a_promise(played: tuple[Counter[str], list[str]]) -> None:
    _, failures = played
    assert not failures, f"{len(failures)} of {HISTORIES} histories failed\n" + "\n".join(failures[:3])


def test_every_kind_of_fault_occurred(played: tuple[Counter[str], list[str]]) -> None:
    struck, _ = played
    rare = {kind: struck[kind] for kind in KINDS if struck[kind] < 5}
    assert not rare
    assert len(KINDS) >= 20


def test_a_seed_gives_the_same_history_in_every_process() -> None:
    traces = {_trace(hash_seed) for hash_seed in ("1", "2")}
    assert len(traces) == 1


def _trace(hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.rsplit("\n", 2)[0]
