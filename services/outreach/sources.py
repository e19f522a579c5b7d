"""The events of other services that outreach reads, by their published types. It imports no other service."""

from __future__ import annotations

REGISTRY = "registry"
FINANCE = "finance"


def _types(source: str, *names: str) -> frozenset[str]:
    return frozenset(f"hongxia.{source}.{name}.v1" for name in names)


CADRE_DECEASED = "hongxia.registry.cadre.deceased.v1"
CADRE_MERGED = "hongxia.registry.cadre.merged.v1"

CADRE_STATES = _types(
    REGISTRY,
    "cadre.registered",
    "cadre.amended",
    "cadre.treatment-changed",
    "cadre.liaison-assigned",
    "cadre.care-changed",
    "cadre.deceased",
    "cadre.merged",
)
"""Each carries the cadre's whole coarse state."""

AID_PAID = "hongxia.finance.aid.paid.v1"
AID_REFUSED = "hongxia.finance.aid.refused.v1"

FINANCE_IGNORED = _types(
    FINANCE,
    "budget.approved",
    "budget.amended",
    "budget.adjusted",
    "expenditure.posted",
    "expenditure.reversed",
)
"""Outreach keeps no money; that an aid case was paid is told by an event of its own."""
