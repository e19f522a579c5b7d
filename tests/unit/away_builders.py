"""Times away, as the registry's events hold them."""

from __future__ import annotations


def away(left_on: str, returned_on: str | None = None) -> list[dict[str, str | None]]:
    """One time in which another bureau served a cadre; lists of several are added."""
    return [{"left_on": left_on, "returned_on": returned_on}]
