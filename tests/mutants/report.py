"""What a run found, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.groups import Group
from tests.mutants.running import Outcome
from tests.mutants.session import Result


@dataclass(frozen=True, slots=True)
class Share:
    """One group's part of a run; `equivalent` mutants are not tested and not in `tested`."""

    group: Group
    made: int
    equivalent: int
    results: tuple[Result, ...]

    @property
    def tested(self) -> int:
        """How many mutants were tested."""
        return len(self.results)

    @property
    def killed(self) -> int:
        """How many of them the tests noticed."""
        return sum(result.outcome.noticed for result in self.results)

    @property
    def timed_out(self) -> int:
        """How many of those were noticed because the tests no longer ended in time."""
        return sum(result.outcome is Outcome.TIMED_OUT for result in self.results)

    @property
    def survivors(self) -> list[Result]:
        """The mutants that no test noticed, by place."""
        found = [result for result in self.results if not result.outcome.noticed]
        return sorted(found, key=lambda result: (result.mutant.path, result.mutant.line, result.mutant.key))

    @property
    def share(self) -> float | None:
        """The share of the tested mutants that were noticed; None if none was tested."""
        return self.killed / self.tested if self.tested else None

    def falls_short(self, minimum: float | None) -> bool:
        """Whether the group must reach a share and does not; `minimum` takes the place of the groups' own one.

        Where every mutant is to be tested, one that the time did not suffice for counts as not noticed.
        """
        asked = self.group.minimum
        if asked is None:
            return False
        asked = asked if minimum is None or not self.group.sampled else minimum
        complete = self.group.sampled or self.tested == self.made - self.equivalent
        return not complete or self.share is None or self.share < asked


def table(shares: Iterable[Share]) -> Iterator[str]:
    """Return the lines of the table, one a group."""
    counted = f"{'mutants':>9}{'equivalent':>12}{'tested':>8}{'killed':>8}{'timeouts':>10}{'survived':>10}"
    yield f"{'group':10}{counted}{'share':>8}"
    for share in shares:
        part = "-" if share.share is None else f"{share.share:.1%}"
        counts = f"{share.made:9}{share.equivalent:12}{share.tested:8}{share.killed:8}{share.timed_out:10}"
        yield f"{share.group.name:10}{counts}{len(share.survivors):10}{part:>8}"


def survivors(shares: Iterable[Share]) -> Iterator[str]:
    """Return the lines about the mutants that survived: place, key and digest, the line before and after."""
    for share in shares:
        for result in share.survivors:
            mutant = result.mutant
            yield f"{share.group.name} {result.outcome}: {mutant.path}:{mutant.line}  {mutant.key} {mutant.digest}"
            yield f"  - {mutant.before}"
            yield f"  + {mutant.after}"


def write(file: Path, seed: int, shares: Sequence[Share]) -> None:
    """Write the run as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"seed": seed, "groups": {share.group.name: _as_dict(share) for share in shares}}
    file.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _as_dict(share: Share) -> dict[str, Any]:
    return {
        "mutants": share.made,
        "equivalent": share.equivalent,
        "tested": share.tested,
        "killed": share.killed,
        "timed_out": share.timed_out,
        "share": share.share,
        "survivors": [
            {
                "key": result.mutant.key,
                "digest": result.mutant.digest,
                "outcome": result.outcome,
                "place": f"{result.mutant.path}:{result.mutant.line}",
                "before": result.mutant.before,
                "after": result.mutant.after,
            }
            for result in share.survivors
        ],
    }
