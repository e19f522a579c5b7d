"""Which services there are: found by their entry points, so that nothing shared names one."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

GROUP = "hongxia.services"


class UnknownService(Exception):
    """No installed service has this name; the text is Chinese and ready to print."""

    def __init__(self, name: str) -> None:
        super().__init__(f"没有名为 {name} 的服务；现有：{'、'.join(names())}")


def names() -> list[str]:
    """The names of the installed services."""
    return sorted(entry.name for entry in entry_points(group=GROUP))


def must_exist(name: str) -> None:
    """Raises UnknownService."""
    if name not in names():
        raise UnknownService(name)


def load(name: str) -> Any:
    """The class of a service. Raises UnknownService."""
    for entry in entry_points(group=GROUP, name=name):
        return entry.load()
    raise UnknownService(name)
