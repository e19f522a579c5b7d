"""What a deliberate breakage is: a plausible mistake in one step, put in the real one's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BETWEEN = "breakage:between"
"""A point that only breakages have: here others act, or the process dies."""


@dataclass(frozen=True, slots=True)
class Breakage:
    """A wrong variant of a step, and the faults without which it can't be noticed."""

    owner: Any
    step: str
    variant: Any
    needs: tuple[str, ...] = ()
