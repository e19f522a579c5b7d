"""Named points between the steps, at which a test may let the process die; in production they do nothing."""

from __future__ import annotations

from collections.abc import Callable

Point = Callable[[str], None]


def no_point(name: str) -> None:
    """Nothing happens here."""
