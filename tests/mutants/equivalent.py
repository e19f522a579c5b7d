"""The reviewed list of mutants that change nothing a test could see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.mutants.operators import Mutant

FILE = Path(__file__).with_name("equivalent.txt")


class BadList(Exception):
    """A line of the list lacks its digest or its reason."""


def read(file: Path = FILE) -> dict[tuple[str, str], str]:
    """Return the reasons by key and digest. Raises BadList."""
    found = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            parts = line.split(maxsplit=2)
            if len(parts) < 3:
                raise BadList(f"{file.name}:{number}: key, digest and reason are needed")
            found[parts[0], parts[1]] = parts[2]
    return found


def outdated(listed: Mapping[tuple[str, str], str], mutants: Iterable[Mutant]) -> list[str]:
    """Return the keys of the list that name no mutant of the code as it is now."""
    there = {(mutant.key, mutant.digest) for mutant in mutants}
    return sorted(key for key, digest in listed if (key, digest) not in there)
