"""One run: mutants from the sample are tested by workers until all are done or the time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.mutants.covering import Covering
from tests.mutants.groups import Group
from tests.mutants.operators import Mutant
from tests.mutants.running import NO_TESTS, Outcome, Ran, end_all, run
from tests.mutants.tree import Tree

FREE_SECONDS = 30.0
PATIENCE = 5.0
"""A mutant gets PATIENCE times the time that its tests take without it, and FREE_SECONDS."""

Clock = Callable[[], float]


class Verdict(NamedTuple):
    """What the tests said to a mutant, and the first test that noticed it, if it is known."""

    outcome: Outcome
    test: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant of a group and what the tests said."""

    group: str
    mutant: Mutant
    outcome: Outcome
    seconds: float = 0.0
    test: str = ""


class Tester(Protocol):
    """What tests one mutant."""

    def __call__(self, group: Group, mutant: Mutant) -> Verdict:
        """Return what the tests said; never raises for a mutant that breaks them."""


@dataclass(frozen=True)
class Bench:
    """Tests mutants in one copy of the tree, with the tests that can notice them."""

    tree: Tree
    covering: Mapping[str, Covering]
    run: Callable[..., Ran] = run
    sound: set[str] = field(default_factory=set)

    def __call__(self, group: Group, mutant: Mutant) -> Verdict:
        """Run the tests that reach the mutant, then the group's further ones."""
        covering = self.covering[group.name]
        ran, tests = Ran(NO_TESTS, ""), []
        with self.tree.mutated(mutant):
            for tests in self._stages(group, covering, mutant):
                limit = min(group.seconds, FREE_SECONDS + PATIENCE * (covering.expected(tests) or group.seconds))
                ran = self.run(self.tree, tests, limit, "-x")
                if ran.outcome.noticed:
                    break
        if ran.outcome is Outcome.KILLED and not self._is_sound(ran.failed.split("[")[0], tests, group):
            return Verdict(Outcome.NOT_JUDGED, ran.failed)
        return Verdict(ran.outcome, ran.failed)

    def _is_sound(self, failed: str, tests: list[str], group: Group) -> bool:
        """Whether what noticed a fault succeeds without one; looked at once for each test."""
        if failed not in self.sound:
            if self.run(self.tree, [failed] if failed else tests, group.seconds, "-x").code != 0:
                return False
            if failed:
                self.sound.add(failed)
        return True

    def _stages(self, group: Group, covering: Covering, mutant: Mutant) -> Iterator[list[str]]:
        """Tests by line, and where those of the group are found by line already, not all of them once more."""
        if group.stages is not None:
            yield from group.stages(mutant, self.tree.path)
            return
        selected = covering.selected(mutant, self.tree.path)
        then = [test for test in group.then if _exists(self.tree.path, test)]
        if selected:
            yield selected
        if then and not (selected and group.then == group.tests):
            yield then


def _exists(root: Path, test: str) -> bool:
    return (root / test).exists()


def run_all(
    queue: Iterator[tuple[Group, Mutant]],
    testers: list[Tester],
    seconds: float,
    clock: Clock,
    seen: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Test mutants until the queue is empty or the time is over; what has been begun is finished."""
    end = clock() + seconds
    results: list[Result] = []
    idle = list(testers)
    with ThreadPoolExecutor(len(testers)) as pool:
        running: dict[Future[Result], Tester] = {}
        try:
            while True:
                while idle and clock() < end and (following := next(queue, None)):
                    tester = idle.pop()
                    running[pool.submit(_tested, tester, clock, *following)] = tester
                if not running:
                    return results
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    idle.append(running.pop(done))
                    results.append(done.result())
                    seen(results[-1])
        except BaseException:
            end_all()
            raise


def _tested(tester: Tester, clock: Clock, group: Group, mutant: Mutant) -> Result:
    started = clock()
    verdict = tester(group, mutant)
    return Result(group.name, mutant, verdict.outcome, clock() - started, verdict.test)
