"""The keys of personal data at rest: texts are sealed with AES-256-GCM, and found again through keyed hashes.

A key ring is a small JSON document that lies outside the database:

    {"current": "3f9c2a71", "keys": {"3f9c2a71": "<32 bytes, Base64>"}, "hash": "<32 bytes, Base64>"}

New texts are sealed with the `current` key; texts that an older key of the ring sealed are still opened. The `hash` key
makes the keyed hashes and stays the same for as long as the database lives.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALGORITHM = "A256GCM"
"""The name of the algorithm (RFC 7518, section 5.1), with which every sealed text begins."""

KEY_BYTES = 32
NONCE_BYTES = 12
DIGEST_BYTES = 16
"""A keyed hash is cut to 128 bits: with a million values two of them collide once in 10^26 installations."""


class Unsealable(Exception):
    """A sealed text that the ring can't open: it was damaged or moved, or its key is missing. Holds no data."""


class NotAKeyRing(ValueError):
    """A text that is no key ring; the message is Chinese and holds no key."""


@dataclass(frozen=True)
class KeyRing:
    """The keys of one service: `keys` seal and open, by their ids; `current` is the id of the one that seals."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    hash_key: bytes = field(repr=False)
    _ciphers: dict[str, AESGCM] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._ciphers.update({key_id: AESGCM(key) for key_id, key in self.keys.items()})

    @classmethod
    def made(cls) -> KeyRing:
        """Return a new ring with one random key and a random hash key."""
        key_id = secrets.token_hex(4)
        return cls(key_id, {key_id: secrets.token_bytes(KEY_BYTES)}, secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parsed(cls, text: str) -> KeyRing:
        """Return the ring that a JSON text holds. Raises NotAKeyRing."""
        try:
            document = json.loads(text)
            keys = {str(key_id): _decoded(key) for key_id, key in document["keys"].items()}
            ring = cls(str(document["current"]), keys, _decoded(document["hash"]))
        except NotAKeyRing:
            raise
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            raise NotAKeyRing('应为 JSON：{"current": 编号, "keys": {编号: 密钥}, "hash": 密钥}') from None
        if ring.current not in keys:
            raise NotAKeyRing("current 所指的密钥不在 keys 中")
        if any(not (key_id.isascii() and key_id.isalnum()) for key_id in keys):
            raise NotAKeyRing("密钥的编号只能由字母和数字组成")
        return ring

    def as_text(self) -> str:
        """Return the ring as JSON, as `parsed` reads it."""
        keys = {key_id: base64.b64encode(key).decode() for key_id, key in self.keys.items()}
        document = {"current": self.current, "keys": keys, "hash": base64.b64encode(self.hash_key).decode()}
        return json.dumps(document, indent=1) + "\n"

    def with_new_key(self) -> KeyRing:
        """Return a ring with one more key, which seals from now on."""
        added = KeyRing.made()
        return KeyRing(added.current, {**self.keys, **added.keys}, self.hash_key)

    def with_current_only(self) -> KeyRing:
        """Return a ring without the keys that only open."""
        return KeyRing(self.current, {self.current: self.keys[self.current]}, self.hash_key)

    def seal(self, text: str, place: str) -> str:
        """Return a text sealed for one place, as "A256GCM.<key id>.<nonce and ciphertext in Base64>"."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._ciphers[self.current].encrypt(nonce, text.encode(), place.encode())
        return f"{ALGORITHM}.{self.current}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """Return a sealed text in clear. Raises Unsealable, also for a text that was sealed for another place."""
        algorithm, _, rest = sealed.partition(".")
        key_id, _, content = rest.partition(".")
        if algorithm != ALGORITHM:
            raise Unsealable("not sealed")
        if key_id not in self._ciphers:
            raise Unsealable(f"no key {key_id}")
        try:
            data = base64.urlsafe_b64decode(content)
            clear = self._ciphers[key_id].decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise Unsealable("damaged or moved") from None
        return clear.decode()

    @property
    def current_prefix(self) -> str:
        """What texts begin with that the current key sealed."""
        return f"{ALGORITHM}.{self.current}."

    def digest(self, purpose: str, text: str | bytes) -> str:
        """Return the keyed hash (HMAC-SHA-256, 32 hexadecimal digits) of a text for one purpose, such as a column."""
        message = purpose.encode() + b"\x1f" + (text if isinstance(text, bytes) else text.encode())
        return hmac.digest(self.hash_key, message, "sha256")[:DIGEST_BYTES].hex()


def _decoded(key: Any) -> bytes:
    try:
        found = base64.b64decode(key, validate=True)
    except binascii.Error:
        raise NotAKeyRing("密钥应为 Base64") from None
    if len(found) != KEY_BYTES:
        raise NotAKeyRing(f"密钥应为 {KEY_BYTES} 字节")
    return found
