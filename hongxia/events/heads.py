"""Signed heads: a source states, with its own key, how far its log goes and with which chain.

Whoever recomputes the chain to a signed head knows that the history is the source's. The algorithm is named, so that
another can follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from hongxia.dates import stamp
from hongxia.events.canonical import canonical
from hongxia.events.declare import source_urn
from hongxia.keys import ALGORITHM, PublicKeys, SigningKey, base64url, from_base64url


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A source's statement: at `time` (UTC) the event at `position` was its last, with this chain. `signature` is in
    base64url without padding.
    """

    source: str
    position: int
    chain: str
    time: str
    alg: str
    kid: str
    signature: str

    def statement(self) -> bytes:
        """Return the bytes that are signed: the canonical JSON of source, position, chain and time."""
        return canonical({name: getattr(self, name) for name in ("source", "position", "chain", "time")})

    def dumped(self) -> str:
        """Return the head as JSON, as it travels beside a message."""
        return orjson.dumps(asdict(self)).decode()


Sign = Callable[[int, str, datetime], SignedHead]
"""Signs a source's head: position, chain, now."""

Place = tuple[int, str]
"""A place in a source's history: position and chain."""

Prove = Callable[[str], Place | None]
"""Returns the place that a signed head, as JSON, proves, or None if it proves nothing."""


def sign(key: SigningKey, position: int, chain: str, now: datetime) -> SignedHead:
    """Sign the head of the log of the key's owner, a service of this installation."""
    said = SignedHead(source_urn(key.owner), position, chain, stamp(now), ALGORITHM, key.kid, "")
    return replace(said, signature=base64url(key.sign(said.statement())))


def read(document: Any) -> SignedHead | None:
    """Return the signed head that a JSON text or mapping holds, or None if it holds none."""
    try:
        said: Mapping[str, Any] = orjson.loads(document) if isinstance(document, str | bytes) else document
        head = SignedHead(**{name: said[name] for name in SignedHead.__slots__})
    except (ValueError, KeyError, TypeError):
        return None
    texts = (head.source, head.chain, head.time, head.alg, head.kid, head.signature)
    whole = isinstance(head.position, int) and not isinstance(head.position, bool)
    return head if whole and all(isinstance(text, str) for text in texts) else None


def is_proved(head: SignedHead, keys: PublicKeys, service: str) -> bool:
    """Say whether a head is a service's own statement about its log, in this installation. Never raises."""
    return head.source == source_urn(service) and is_signed(head, keys, service)


def is_signed(head: SignedHead, keys: PublicKeys, service: str) -> bool:
    """Say whether a head is signed with a key of a service, of whichever installation. Never raises."""
    if head.alg != ALGORITHM or not head.source.endswith(f":{service}"):
        return False
    try:
        return keys.verify(service, head.kid, from_base64url(head.signature), head.statement())
    except (TypeError, ValueError):
        return False


def proved_place(document: str, keys: PublicKeys, service: str) -> Place | None:
    """Return the place in its history that a service states in a signed head, as JSON; None if it is not its own."""
    head = read(document)
    return (head.position, head.chain) if head is not None and is_proved(head, keys, service) else None
