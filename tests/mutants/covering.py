"""Which tests can notice a mutant: those that run its lines, and for what runs at import those that import the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.mutants import running
from tests.mutants.groups import CONTRACTS
from tests.mutants.operators import Mutant
from tests.mutants.recorder import OUTPUT
from tests.mutants.tree import Tree

AT_IMPORT = -1
OWN_TESTS = "tests/unit/test_mutants.py"
MOST_TESTS = 300
"""More tests than this are given to pytest as files."""
RECORDING_SECONDS = 1800


class NothingRecorded(Exception):
    """The tests could not be run without a fault in the code."""


@dataclass
class Covering:
    """Who runs what: tests by their number, lines by file. Tests that fail without any mutant are left out."""

    tests: Sequence[str] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    lines: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()

    def within(self, directories: Iterable[str]) -> Covering:
        """Return the same for the tests of some directories only."""
        asked = tuple(directories)
        out = {number for number, test in enumerate(self.tests) if not test.startswith(asked)}
        lines = {
            path: {line: [number for number in numbers if number not in out] for line, numbers in of.items()}
            for path, of in self.lines.items()
        }
        return Covering(self.tests, self.seconds, lines, self.failed)

    def selected(self, mutant: Mutant, root: Path) -> list[str]:
        """Return the tests for a mutant, the quickest first; empty if none reaches it."""
        found = self._reaching(mutant)
        numbered = sorted((self.tests[n] for n in found - {AT_IMPORT}), key=lambda test: self.seconds[test])
        functions = list(dict.fromkeys(test.split("[")[0] for test in numbered if test not in self.failed))
        if len(functions) > MOST_TESTS:
            functions = list(dict.fromkeys(test.split("::")[0] for test in functions))
        return functions + self._importing(mutant, root) if AT_IMPORT in found else functions

    def expected(self, tests: Iterable[str]) -> float:
        """Return how many seconds the tests took without a fault."""
        wanted = tuple(tests)
        return sum(seconds for test, seconds in self.seconds.items() if test.startswith(wanted))

    def _reaching(self, mutant: Mutant) -> set[int]:
        lines = self.lines.get(mutant.path, {})
        first, last = mutant.lines
        return {number for line in range(first, last + 1) for number in lines.get(str(line), ())}

    def _importing(self, mutant: Mutant, root: Path) -> list[str]:
        """Test files that name the module (or its service), and the tests of the published contracts."""
        parts = mutant.path.removesuffix(".py").removesuffix("/__init__").split("/")
        name = ".".join(parts[:2] if parts[0] == "services" else parts)
        from_package = f"from {'.'.join(parts[:-1])} import "
        files = sorted({test.split("::")[0] for test in self.tests})
        failing = {test.split("::")[0] for test in self.failed}
        return [
            file
            for file in files
            if file not in failing and (file.startswith(f"{CONTRACTS}/") or _names(root / file, name, from_package))
        ]


def _names(file: Path, name: str, from_package: str) -> bool:
    text = file.read_text(encoding="utf-8")
    last = name.rsplit(".", 1)[-1]
    imported = any(last in line for line in text.splitlines() if line.startswith(from_package))
    return imported or name in text or f"tests.unit.{last}_builders" in text


def record(tree: Tree, directories: Iterable[str], output: Path) -> Covering:
    """Run the tests of the directories once without a fault, or read what was noted when they ran on the same files.

    Raises NothingRecorded.
    """
    there = sorted({directory for directory in directories if (tree.path / directory).exists()})
    if not there:
        return Covering()
    file = output / f"lines-{tree.digest(there)}.json"
    if not file.exists():
        output.mkdir(parents=True, exist_ok=True)
        options = ("-p", "tests.mutants.recorder", f"--ignore={OWN_TESTS}")
        ran = running.run(tree, there, RECORDING_SECONDS, *options, environ={OUTPUT: str(file)})
        if ran.code not in (0, 1) or not file.exists():
            file.unlink(missing_ok=True)  # of a run that was broken off
            raise NothingRecorded(f"the tests of {' '.join(there)} did not run: {ran.output[-2000:]}")
    noted: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return Covering(list(noted["seconds"]), noted["seconds"], noted["lines"], frozenset(noted["failed"]))
