"""What needs care: double-high period, special hardship, living alone, resettled; four flags with one history."""

from __future__ import annotations

from collections.abc import Mapping

from services.registry.models import Cadre

FLAGS = {"advanced_age": "双高期", "hardship": "特殊困难", "living_alone": "独居", "resettled": "易地安置"}


def flags_text(cadre: Cadre, changes: Mapping[str, bool] | None = None) -> str:
    """The flags that are set, as the history keeps them ("hardship,living_alone"), after `changes` if there are any."""
    return ",".join(flag for flag in FLAGS if (changes or {}).get(flag, getattr(cadre, flag)))


def set_flags(cadre: Cadre, text: str) -> None:
    """Set the flags that the text lists, and no others."""
    listed = text.split(",")
    for flag in FLAGS:
        setattr(cadre, flag, flag in listed)
