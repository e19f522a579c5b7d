"""The chain: each event's link covers the one before it, so a history can't be changed unnoticed."""

from __future__ import annotations

from hashlib import sha256

GENESIS = "0" * 64
"""The chain before the first event."""


def link(previous: str, position: int, digest: bytes) -> str:
    """Return SHA-256 over the previous chain (32 bytes), the position (8 bytes, big-endian) and the event's digest
    (32 bytes, see hongxia.events.digest), in lower-case hex.
    """
    return sha256(bytes.fromhex(previous) + position.to_bytes(8, "big") + digest).hexdigest()
