"""Identifiers: derived from what they name wherever that is possible, so that a repeated step repeats them."""

from __future__ import annotations

from uuid import UUID, uuid4, uuid5

NAMESPACE = UUID("6f2b0c1e-58a5-5c0e-9d43-1f0a7f6e2c11")


def entity_id(kind: str, *key: str | int) -> str:
    """The id of the entity of a kind that has this natural key; the same key always gives the same id.

    The parts are length-prefixed, so that ("a", "bc") and ("ab", "c") differ.
    """
    return str(uuid5(NAMESPACE, ":".join(f"{len(str(part))}:{part}" for part in (kind, *key))))


def new_id() -> str:
    """A fresh id, for an entity that has no natural key."""
    return str(uuid4())
