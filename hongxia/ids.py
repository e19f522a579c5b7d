"""Identifiers: derived from what they name wherever that is possible, so that a repeated step repeats them."""

from __future__ import annotations

from uuid import uuid4

from hongxia import installation


def entity_id(kind: str, *key: str | int) -> str:
    """Return the id of the entity of a kind that has this natural key; within an installation the same key always gives
    the same id, in every service. Raises NoInstallation.

    The parts are length-prefixed, so that ("a", "bc") and ("ab", "c") differ.
    """
    return installation.current().id_of(":".join(f"{len(str(part))}:{part}" for part in (kind, *key)))


def new_id() -> str:
    """A fresh id, for an entity that has no natural key."""
    return str(uuid4())
