"""Which services there are: found by their entry points, so that nothing shared names one."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

GROUP = "hongxia.services"


class UnknownService(Exception):
    """No installed service has this name."""


def names() -> list[str]:
    """The names of the installed services."""
    return sorted(entry.name for entry in entry_points(group=GROUP))


def load(name: str) -> Any:
    """The class of a service. Raises UnknownService."""
    for entry in entry_points(group=GROUP, name=name):
        return entry.load()
    raise UnknownService(name)
