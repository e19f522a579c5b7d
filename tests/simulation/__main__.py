"""`python -m tests.simulation --seed N` shows one history; with `--count` it runs many and counts their faults."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from contextlib import nullcontext

from .breakages import BREAKAGES, broken
from .history import World
from .run import Failed, play


def main() -> int:
    """Run histories; 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the history to run, or the first one")
    parser.add_argument("--count", type=int, default=1, help="how many; of many the traces are not shown")
    parser.add_argument("--breakage", choices=BREAKAGES, metavar="NAME", help="with a deliberate breakage")
    asked = parser.parse_args()
    world, begin = World(), time.process_time()
    struck: Counter[str] = Counter()
    try:
        with broken(asked.breakage) if asked.breakage else nullcontext() as breakage:
            for seed in range(asked.seed, asked.seed + asked.count):
                say = print if asked.count == 1 else None
                struck.update(play(world, seed, say, breakage.needs if breakage else ()))
    except Failed as failed:
        print(failed)
        return 1
    for kind, times in sorted(struck.items()):
        print(f"{times:8} {kind}")
    rate = asked.count / (time.process_time() - begin)
    print(f"{rate:.0f} histories a second of processor time, {len(struck)} kinds of fault")
    return 0


sys.exit(main())
