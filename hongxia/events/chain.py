"""The chain: each event's hash covers the one before it, so a history can't be changed unnoticed."""

from __future__ import annotations

from hashlib import sha256

GENESIS = "0" * 64
"""The chain before the first event."""


def link(previous: str, position: int, committed: bytes) -> str:
    """SHA-256 over the previous chain (32 bytes), the position (8 bytes, big-endian) and the canonical JSON of
    the event as it was committed, that is without position, typeposition and chain. Lower-case hex.
    """
    return sha256(bytes.fromhex(previous) + position.to_bytes(8, "big") + committed).hexdigest()
