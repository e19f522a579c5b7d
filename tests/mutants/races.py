"""Which tests can notice a lock that is missing: its own races, then those of its module and service, then all."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.operators import Mutant
from tests.races.locks import locks, raced

RACES = "tests/races"
CONFORMANCE = "tests/conformance"


def stages(mutant: Mutant, root: Path) -> list[list[str]]:
    """Return the tests that are run one after the other until one fails."""
    places = {(lock.path, lock.line): lock.name for lock in locks()}
    module = mutant.path.removesuffix(".py").replace("/", ".")
    own = list(raced().get(places.get((mutant.path, mutant.line), ""), ())) or _of_module(module)
    of_service = _of_service(mutant.path, root)
    then = [RACES] if of_service else [RACES, CONFORMANCE]
    return [tests for tests in (own, of_service, then) if tests]


def _of_module(module: str) -> list[str]:
    return [test for name, tests in raced().items() if name.startswith(f"{module}:") for test in tests]


def _of_service(path: str, root: Path) -> list[str]:
    folder, _, rest = path.partition("/")
    if folder != "services":
        return []
    files = (root / RACES).glob(f"test_{rest.partition('/')[0]}*.py")
    return sorted(file.relative_to(root).as_posix() for file in files)
