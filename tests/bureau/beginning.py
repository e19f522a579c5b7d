"""A bureau to begin a test with: its lists and some cadres, made once for a module and put back for each test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bureau.bureau import TODAY, Bureau
from tests.bureau.node import Kept
from tests.bureau.office import Office, Record


@dataclass(frozen=True, slots=True)
class Beginning:
    """The bureau, who is registered (all under one name and birth date), and everything as it was then."""

    office: Office
    cadres: tuple[Record, ...]
    kept: Mapping[str, Kept]

    def again(self) -> Office:
        """Let everything be as it was, and return the office."""
        self.office.bureau.restore(self.kept, TODAY)
        return self.office


def beginning(directory: Path, cadres: int = 3) -> Iterator[Beginning]:
    """Yield a bureau with so many cadres; for a fixture."""
    bureau = Bureau(directory)
    office = Office(bureau)
    yield Beginning(office, tuple(office.cadre() for _ in range(cadres)), bureau.keep())
    bureau.close()
