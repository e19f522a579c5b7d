"""`python -m tests.mutants`: test a seeded sample of mutants and say how many the tests notice."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from tests.mutants import by_name, covering, equivalent, report, running, sampling, session
from tests.mutants.earlier import Earlier, Remembering
from tests.mutants.groups import GROUPS, Group
from tests.mutants.operators import Mutant
from tests.mutants.tree import ROOT, Tree

RESULTS = ROOT / "build" / "mutants" / "results.json"


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="determines the sample")
    parser.add_argument(
        "--minutes",
        type=float,
        default=20,
        help="no further mutant is begun after so long; the same command again goes on",
    )
    parser.add_argument("--group", action="append", choices=GROUPS, help="may be given several times; default: all")
    parser.add_argument("--file", action="append", help="only mutants of files whose path contains this text")
    parser.add_argument("--most", type=int, help="at most so many mutants of a sampled group")
    parser.add_argument("--minimum", type=float, help="the share to reach, instead of that of the groups")
    parser.add_argument("--by-name", action="store_true", help="choose tests by their names, without a run before")
    parser.add_argument("--workers", type=int, default=2, help="mutants tested at a time")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run, print, write the results, and return 1 if a group falls short of its share.

    Raises NothingRecorded, LauncherDied, BadList: then nothing is known of the tests.
    """
    asked = arguments(given)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    groups = {name: GROUPS[name] for name in asked.group or GROUPS}
    if asked.by_name:
        groups = {name: _by_name(group) for name, group in groups.items()}
    made = {name: _wanted(group, asked.file) for name, group in groups.items()}
    reviewed = equivalent.read()
    left = {name: [m for m in of if (m.key, m.digest) not in reviewed] for name, of in made.items()}
    orders = {name: _ordered(groups[name], left[name], asked) for name in groups}
    with TemporaryDirectory(prefix="hongxia-mutants-") as directory:
        results = _results(groups, orders, asked, Path(directory))
    shares = [
        report.Share(group, len(made[name]), len(made[name]) - len(left[name]), tuple(results[name]))
        for name, group in groups.items()
    ]
    for key in equivalent.outdated(reviewed, _every()):
        print(f"equivalent.txt names a mutant that is not there: {key}")
    print(*report.survivors(shares), f"seed {asked.seed}", *report.table(shares), sep="\n")
    report.write(RESULTS, asked.seed, shares)
    return int(any(share.falls_short(asked.minimum) for share in shares))


def _by_name(group: Group) -> Group:
    return group if group.stages is not None else replace(group, tests=(), stages=by_name.stages)


def _every() -> list[Mutant]:
    return [mutant for group in GROUPS.values() for mutant in group.mutants(ROOT)]


def _wanted(group: Group, files: Sequence[str] | None) -> list[Mutant]:
    mutants = group.mutants(ROOT)
    return [mutant for mutant in mutants if any(text in mutant.path for text in files)] if files else mutants


def _ordered(group: Group, mutants: list[Mutant], asked: argparse.Namespace) -> list[Mutant]:
    if not group.sampled:
        return mutants
    return sampling.sample(mutants, asked.seed)[: asked.most]


def _results(
    groups: dict[str, Group], orders: dict[str, list[Mutant]], asked: argparse.Namespace, directory: Path
) -> dict[str, list[session.Result]]:
    end = monotonic() + asked.minutes * 60
    trees = [Tree(directory / str(number)).make() for number in range(asked.workers)]
    earlier = Earlier(RESULTS.parent / "outcomes", trees[0].sources())
    covered = _recorded(trees[0], groups, end - monotonic())
    queue = ((groups[name], mutant) for name, mutant in sampling.taking_turns(orders))
    launchers = [running.Launcher(tree) for tree in trees]
    testers: list[session.Tester] = [
        Remembering(session.Bench(tree, covered, launcher), earlier)
        for tree, launcher in zip(trees, launchers, strict=True)
    ]
    try:
        found = session.run_all(queue, testers, end - monotonic(), monotonic, _progress)
    finally:
        for launcher in launchers:
            launcher.close()
    by_group: dict[str, list[session.Result]] = defaultdict(list)
    for result in found:
        by_group[result.group].append(result)
    return by_group


def _recorded(tree: Tree, groups: dict[str, Group], seconds: float) -> dict[str, covering.Covering]:
    directories = sorted({directory for group in groups.values() for directory in group.tests})
    if directories:
        print(f"noting which lines the tests of {', '.join(directories)} run …", file=sys.stderr)
    seconds = min(seconds, covering.RECORDING_SECONDS)
    recorded = covering.record(tree, directories, RESULTS.parent / "lines", seconds)
    for test in sorted(recorded.failed):
        print(f"fails without any fault in the code, and is left out: {test}", file=sys.stderr)
    return {name: recorded.within(group.tests) for name, group in groups.items()}


def _progress(result: session.Result) -> None:
    mutant = result.mutant
    place = f"{mutant.path}:{mutant.line} {mutant.operator}"
    print(f"{result.outcome:12}{result.seconds:6.1f} s  {place}  {result.test}".rstrip(), file=sys.stderr)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (covering.NothingRecorded, equivalent.BadList, running.LauncherDied) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
