"""What activities reads of other services: the types of the registry's events, as its contract names them."""

from __future__ import annotations

REGISTRY = "registry"

CADRE_REGISTERED = "hongxia.registry.cadre.registered.v1"
CADRE_AMENDED = "hongxia.registry.cadre.amended.v1"
CADRE_DECEASED = "hongxia.registry.cadre.deceased.v1"
CADRE_MERGED = "hongxia.registry.cadre.merged.v1"

IGNORED = frozenset(
    {
        "hongxia.registry.cadre.treatment-changed.v1",
        "hongxia.registry.cadre.liaison-assigned.v1",
        "hongxia.registry.cadre.care-changed.v1",
    }
)
"""They change nothing that attendance depends on."""
