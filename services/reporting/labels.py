"""What events, their fields and their codes are called in Chinese.

The labels stand in labels.yaml, which `make contracts` writes from the event types of all services: reporting knows the
contracts of the others, and imports none of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hongxia.events.dispatch import entity_of
from hongxia.schema.fields import yuan

FILE = Path(__file__).with_name("labels.yaml")


@cache
def labels() -> dict[str, Any]:
    """Return all labels, as hongxia.contracts.labels_of makes them."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def service_title(service: str) -> str:
    """Return what a service is called: 财务."""
    title: str = labels()["services"].get(service, service)
    return title


def title_of(event_type: str) -> str:
    """Return an event's type in Chinese: 走访已登记."""
    title: str = labels()["events"].get(event_type, event_type)
    return title


def field_label(event_type: str, name: str) -> str | None:
    """Return what a field of an event's data is called; None if it has no name for people."""
    label: str | None = _of_entity(event_type).get("fields", {}).get(name)
    return label


def value_label(event_type: str, name: str, value: Any) -> str:
    """Return a value of a field as people read it: the label of a code, 是 for true, yuan for fen."""
    if value is True:
        return "是"
    if name.endswith("_fen") and isinstance(value, int):
        return f"{yuan(value)} 元"
    label: str = _of_entity(event_type).get("codes", {}).get(name, {}).get(str(value), str(value))
    return label


def _of_entity(event_type: str) -> dict[str, Any]:
    found: dict[str, Any] = labels()["entities"].get(entity_of(event_type).removeprefix("hongxia."), {})
    return found
