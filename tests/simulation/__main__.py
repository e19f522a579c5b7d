"""`python -m tests.simulation --seed N` shows one history; with `--count` it runs many from there on, and counts faults."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from .history import World
from .run import Failed, play


def main() -> int:
    """Run histories; 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the history to run, or the first one")
    parser.add_argument("--count", type=int, default=1, help="how many; of many the traces are not shown")
    arguments = parser.parse_args()
    world, begin = World(), time.process_time()
    struck: Counter[str] = Counter()
    try:
        for seed in range(arguments.seed, arguments.seed + arguments.count):
            struck.update(play(world, seed, print if arguments.count == 1 else None))
    except Failed as failed:
        print(failed)
        return 1
    for kind, times in sorted(struck.items()):
        print(f"{times:8} {kind}")
    print(f"{arguments.count / (time.process_time() - begin):.0f} histories a second of processor time, {len(struck)} kinds of fault")
    return 0


sys.exit(main())
