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
from tests.mutants.tree import Sources, Tree

AT_IMPORT = -1
OWN_TESTS = "tests/unit/test_mutants.py"
ALL_SERVICES = "services.names()"
"""What stands in a test file that goes through all services."""
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
        """Test files that name the module (or its service, or that go through all services), and the tests of the
        published contracts.
        """
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
    of_all = name.startswith("services.") and ALL_SERVICES in text
    return imported or of_all or name in text or f"tests.unit.{last}_builders" in text


def record(tree: Tree, directories: Iterable[str], output: Path, seconds: float = RECORDING_SECONDS) -> Covering:
    """Run the tests of the directories once without a fault, and note who runs what, in `output`.

    What is noted already of a test file is read again while neither it nor the code has changed. The tests of each
    directory may take so many seconds. Raises NothingRecorded.
    """
    sources = tree.sources()
    notes = _Notes(output / sources.base, sources)
    asked = {directory: notes.files(directory) for directory in directories}
    for directory, files in asked.items():
        missing = [file for file in files if not notes.file(file).exists()]
        if missing:
            _note(tree, missing, notes, seconds, directory)
    return notes.read([file for files in asked.values() for file in files])


def _note(tree: Tree, files: Sequence[str], notes: _Notes, seconds: float, directory: str) -> None:
    notes.directory.mkdir(parents=True, exist_ok=True)
    noted = notes.directory / "running.json"
    noted.unlink(missing_ok=True)
    ran = running.run(tree, files, seconds, "-p", "tests.mutants.recorder", environ={OUTPUT: str(noted)})
    if ran.code is None:
        raise NothingRecorded(f"the tests of {directory} take more than the {seconds:.0f} s that are left")
    if ran.code not in (0, 1, running.NO_TESTS) or not noted.exists():
        raise NothingRecorded(f"the tests of {directory} did not run: {ran.output[-2000:]}")
    notes.split(json.loads(noted.read_text(encoding="utf-8")), files)
    noted.unlink()


@dataclass(frozen=True)
class _Notes:
    """What was noted, a file for each test file, and one for the lines that run at import, whoever imports them."""

    directory: Path
    sources: Sources

    def files(self, directory: str) -> list[str]:
        """The test files of a directory, without those of this tool."""
        return [file for file in self.sources.tests if file.startswith(f"{directory}/") and file != OWN_TESTS]

    def file(self, test_file: str) -> Path:
        name = test_file.removesuffix(".py").replace("/", ".")
        return self.directory / f"{name}-{self.sources.of(test_file)}.json"

    @property
    def at_import(self) -> Path:
        return self.directory / "import.json"

    def split(self, noted: dict[str, Any], files: Iterable[str]) -> None:
        """Write what one run noted of some test files."""
        tests = list(noted["seconds"])
        for test_file in files:
            own = {number for number, test in enumerate(tests) if test.startswith(f"{test_file}::")}
            new = {number: index for index, number in enumerate(sorted(own))}
            lines = {
                path: {
                    line: [new[n] for n in numbers if n in own] for line, numbers in of.items() if own & set(numbers)
                }
                for path, of in noted["lines"].items()
            }
            seconds = {tests[number]: noted["seconds"][tests[number]] for number in sorted(own)}
            _write(self.file(test_file), {"seconds": seconds, "failed": noted["failed"], "lines": lines})
        imported = json.loads(self.at_import.read_text("utf-8")) if self.at_import.exists() else {}
        for path, of in noted["lines"].items():
            here = {line for line, numbers in of.items() if AT_IMPORT in numbers}
            imported[path] = sorted(here | set(imported.get(path, ())))
        _write(self.at_import, imported)

    def read(self, files: Iterable[str]) -> Covering:
        """Return what is noted of some test files."""
        tests: list[str] = []
        seconds: dict[str, float] = {}
        failed: set[str] = set()
        lines: dict[str, dict[str, list[int]]] = {}
        if self.at_import.exists():
            imported = json.loads(self.at_import.read_text("utf-8"))
            lines = {path: {line: [AT_IMPORT] for line in of} for path, of in imported.items()}
        for file in files:
            noted = json.loads(self.file(file).read_text(encoding="utf-8"))
            for path, of in noted["lines"].items():
                for line, numbers in of.items():
                    lines.setdefault(path, {}).setdefault(line, []).extend(number + len(tests) for number in numbers)
            tests.extend(noted["seconds"])
            seconds |= noted["seconds"]
            failed |= set(noted["failed"]) & set(noted["seconds"])
        return Covering(tests, seconds, lines, frozenset(failed))


def _write(file: Path, document: Any) -> None:
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(document), encoding="utf-8")
    beside.replace(file)
