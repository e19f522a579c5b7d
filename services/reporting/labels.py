"""What codes are called in Chinese, for the dashboard and the drill-down."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.reporting.facts import RULES

FILE = Path(__file__).with_name("labels.yaml")


@cache
def labels() -> dict[str, Any]:
    """All labels."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def title_of(event_type: str) -> str:
    """An event's type in Chinese: 走访登记."""
    rule = RULES.get(event_type)
    happened = event_type.rpartition(".")[0].rpartition(".")[2]
    what = labels()["happened"].get(happened, happened)
    return f"{rule.kind.title} · {what}" if rule else what
