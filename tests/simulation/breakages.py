"""All deliberate breakages, each of which the simulation must find out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from . import breakages_applying, breakages_broker, breakages_looking, breakages_sending
from .breakage import Breakage

BREAKAGES = {
    **breakages_sending.BREAKAGES,
    **breakages_broker.BREAKAGES,
    **breakages_applying.BREAKAGES,
    **breakages_looking.BREAKAGES,
}


@contextmanager
def broken(name: str) -> Iterator[Breakage]:
    """The platform with one breakage."""
    breakage = BREAKAGES[name]
    with patch.object(breakage.owner, breakage.step, breakage.variant):
        yield breakage
