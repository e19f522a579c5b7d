"""Which files are mutated together, which tests have to notice, and how large a share of the mutants they must kill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import races
from tests.mutants.operators import Mutant, locks_of, mutants_of

CONTRACTS = "tests/contract"


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the code.

    `minimum` is the share of the mutants that the tests must kill, None where the share is only reported. `tests` are
    the directories whose tests are looked up by the lines that they run; `then` are run whole when those notice
    nothing. Directories and files that do not exist are passed over. `stages` takes the place of both where the tests
    are known without a look at their lines. `sampled` is false where every mutant is tested.
    """

    name: str
    files: tuple[str, ...]
    minimum: float | None
    tests: tuple[str, ...] = ("tests/unit", CONTRACTS, "tests/cases")
    then: tuple[str, ...] = ()
    make: Callable[[str, str], list[Mutant]] = mutants_of
    stages: Callable[[Mutant, Path], list[list[str]]] | None = None
    sampled: bool = True
    seconds: float = 180

    def mutants(self, root: Path) -> list[Mutant]:
        """Return every mutant of the files under `root`, without those of migrations, which have tests of their own."""
        paths = sorted(
            {path for pattern in self.files for path in root.glob(pattern) if "migrations" not in path.parts}
        )
        return [
            mutant
            for path in paths
            for mutant in self.make(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        ]


PLATFORM = ("tests/unit", "tests/conformance")

GROUPS = {
    group.name: group
    for group in (
        Group("services", ("services/**/*.py",), 0.9),
        Group("events", ("hongxia/events/*.py",), 0.9, PLATFORM, ("tests/simulation/test_histories.py",)),
        Group("runtime", ("hongxia/runtime/*.py",), 0.9, PLATFORM, ("tests/e2e/test_green.py",)),
        Group("http", ("hongxia/http/*.py",), None),
        Group("workbook", ("hongxia/workbook/*.py",), None),
        Group(
            "locks",
            ("hongxia/**/*.py", "services/**/*.py"),
            1.0,
            tests=(),
            make=locks_of,
            stages=races.stages,
            sampled=False,
            seconds=600,
        ),
    )
}
