"""What earlier runs found, so that a run that was broken off goes on, and new tests are tried on survivors only."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.groups import Group
from tests.mutants.operators import Mutant
from tests.mutants.running import Outcome
from tests.mutants.session import Tester, Verdict
from tests.mutants.tree import Sources


class Earlier:
    """Verdicts on mutants, in a file for each state of the code.

    That a test noticed a fault holds while that test's file and the code stay as they are, whatever other tests come.
    Everything else holds only while no file changes at all; what could not be judged is tried again.
    """

    def __init__(self, directory: Path, sources: Sources) -> None:
        self._sources = sources
        self._file = directory / f"{sources.base}.jsonl"
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, str], Verdict] = {}
        if self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                self._learn(line)

    def _learn(self, line: str) -> None:
        try:
            noted: dict[str, Any] = json.loads(line)
        except ValueError:
            return  # the last line of a run that was killed
        verdict = Verdict(Outcome(noted["outcome"]), noted["test"])
        if noted["while"] == self._condition(verdict):
            self._known[noted["group"], noted["key"], noted["digest"]] = verdict

    def _condition(self, verdict: Verdict) -> str:
        file = verdict.test.split("::")[0]
        return self._sources.of(file) if verdict.outcome is Outcome.KILLED and file else self._sources.whole

    def get(self, group: Group, mutant: Mutant) -> Verdict | None:
        """Return what an earlier run found, if that still holds."""
        return self._known.get((group.name, mutant.key, mutant.digest))

    def add(self, group: Group, mutant: Mutant, verdict: Verdict) -> None:
        """Keep what a run found, if it found something."""
        if verdict.outcome is Outcome.NOT_JUDGED:
            return
        names = {"group": group.name, "key": mutant.key, "digest": mutant.digest}
        found = {"outcome": verdict.outcome, "test": verdict.test, "while": self._condition(verdict)}
        with self._lock:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**names, **found}) + "\n")


@dataclass(frozen=True)
class Remembering:
    """Tests a mutant unless an earlier run did.

    Known verdicts are given when it is their mutants' turn, so that a run that its time cuts short has tested the first
    mutants of its order, and not those that were noticed earlier.
    """

    test: Tester
    earlier: Earlier

    def __call__(self, group: Group, mutant: Mutant) -> Verdict:
        """Return the verdict."""
        verdict = self.earlier.get(group, mutant)
        if verdict is None:
            verdict = self.test(group, mutant)
            self.earlier.add(group, mutant, verdict)
        return verdict
