"""Ed25519 keys: each owner signs with a private key of its own, and everybody checks with the public keys of all.

An owner is a service's name, or `operator`, who issues people's tokens. The algorithm is EdDSA with Ed25519 (RFC 8032);
public keys are written as a JWK set (RFC 7517, RFC 8037), each with the additional member `owner`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM = "EdDSA"
"""The name of the algorithm, as RFC 8037 registers it."""

OPERATOR = "operator"
"""The owner of the key that signs people's tokens."""

KEYS = "keys"
"""The directory of the keys, in the data directory of embedded services."""

PUBLIC_KEYS_FILE = "public_keys"
"""The file that holds the public keys of all owners, in a directory of keys."""


class BadKey(ValueError):
    """A key or a set of keys can't be used. The text is Chinese and holds no part of a private key."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key of one owner. `kid` is the thumbprint of its public key (RFC 7638)."""

    owner: str
    kid: str
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, owner: str, private: Ed25519PrivateKey) -> SigningKey:
        """Return the key of an owner with its `kid`."""
        return cls(owner, thumbprint(private.public_key()), private)

    @classmethod
    def generate(cls, owner: str) -> SigningKey:
        """Make a new key."""
        return cls.of(owner, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, owner: str, seed: bytes) -> SigningKey:
        """Return the key that 32 bytes stand for, so that tests and test vectors have the same keys in every run."""
        return cls.of(owner, Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_pem(cls, owner: str, text: str) -> SigningKey:
        """Read an unencrypted PKCS8 key, as `openssl genpkey -algorithm ed25519` writes it. Raises BadKey."""
        try:
            private = serialization.load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # the library's text may quote the key
            raise BadKey("不是未加密的 PEM（PKCS8）私钥：可用 openssl genpkey -algorithm ed25519 生成") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise BadKey("不是 Ed25519 私钥：可用 openssl genpkey -algorithm ed25519 生成")
        return cls.of(owner, private)

    def pem(self) -> str:
        """Return the private key as PEM (PKCS8)."""
        written = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return written.decode()

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self.private.sign(message)

    def public(self) -> PublicKey:
        """Return what others need to check signatures of this key."""
        return PublicKey(self.owner, self.kid, self.private.public_key())


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public key of an owner."""

    owner: str
    kid: str
    public: Ed25519PublicKey

    def jwk(self) -> dict[str, str]:
        """Return the key as a JWK with its owner."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": ALGORITHM,
            "use": "sig",
            "kid": self.kid,
            "x": base64url(_raw(self.public)),
            "owner": self.owner,
        }


class PublicKeys:
    """The public keys of all owners of an installation; while a key is rotated, its owner has two."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        """Raises BadKey if one key has two owners: whoever held it could speak as both."""
        self._by_kid: dict[str, PublicKey] = {}
        for key in keys:
            known = self._by_kid.setdefault(key.kid, key)
            if known.owner != key.owner:
                raise BadKey(f"公钥 {key.kid} 有两个所有者：{known.owner} 与 {key.owner}")

    @classmethod
    def of(cls, *keys: SigningKey) -> PublicKeys:
        """Return the public keys that belong to private ones."""
        return cls(key.public() for key in keys)

    @classmethod
    def from_jwks(cls, text: str) -> PublicKeys:
        """Read a JWK set. Raises BadKey."""
        try:
            listed = json.loads(text)["keys"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadKey('不是 JWK 集：应为 {"keys":[…]}') from None
        if not isinstance(listed, list) or not listed:
            raise BadKey("JWK 集里没有公钥")
        return cls(_read_jwk(number, item) for number, item in enumerate(listed, start=1))

    def jwks(self) -> str:
        """Return the keys as a JWK set in JSON, ordered by owner and kid."""
        ordered = sorted(self._by_kid.values(), key=lambda key: (key.owner, key.kid))
        return json.dumps({"keys": [key.jwk() for key in ordered]}, indent=1) + "\n"

    def all(self) -> list[PublicKey]:
        """Return the keys of all owners."""
        return list(self._by_kid.values())

    def find(self, kid: str) -> PublicKey | None:
        """Return the key with a `kid`."""
        return self._by_kid.get(kid)

    def owner_of(self, kid: str) -> str | None:
        """Return whose key it is."""
        key = self._by_kid.get(kid)
        return key.owner if key else None

    def kids_of(self, owner: str) -> frozenset[str]:
        """Return the `kid`s of an owner: one, or two while its key is rotated."""
        return frozenset(kid for kid, key in self._by_kid.items() if key.owner == owner)

    def verify(self, owner: str, kid: str, signature: bytes, message: bytes) -> bool:
        """Say whether the signature is the owner's, made with the key `kid`. Never raises."""
        key = self._by_kid.get(kid)
        if key is None or key.owner != owner:
            return False
        try:
            key.public.verify(signature, message)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True


def thumbprint(public: Ed25519PublicKey) -> str:
    """Return the thumbprint of a key: SHA-256 over its required members (RFC 7638, RFC 8037 appendix A.3)."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{base64url(_raw(public))}"}}'
    return base64url(hashlib.sha256(members.encode()).digest())


def complete_keys(directory: Path, owners: Iterable[str]) -> None:
    """Make the private keys that a directory lacks, each in `<owner>_signing_key`, and write `public_keys` anew.

    The directory gets mode 0700 and the private keys 0600. Public keys that are there already stay. Raises OSError, and
    BadKey if a file that is there can't be used.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = [_complete_key(directory, owner).public() for owner in owners]
    path = directory / PUBLIC_KEYS_FILE
    if path.exists():
        keys += PublicKeys.from_jwks(path.read_text(encoding="utf-8")).all()
    text = PublicKeys(keys).jwks()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        _write_private(path, text)


def signing_key_path(directory: Path, owner: str) -> Path:
    """Return where a directory of keys holds an owner's private key."""
    return directory / f"{owner}_signing_key"


def read_signing_key(directory: Path, owner: str) -> SigningKey:
    """Read an owner's private key from a directory of keys. Raises OSError and BadKey."""
    return SigningKey.from_pem(owner, signing_key_path(directory, owner).read_text(encoding="utf-8"))


def _complete_key(directory: Path, owner: str) -> SigningKey:
    path = signing_key_path(directory, owner)
    if not path.exists():
        _write_private(path, SigningKey.generate(owner).pem())
    return read_signing_key(directory, owner)


def _write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, with mode 0600."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _read_jwk(number: int, item: Any) -> PublicKey:
    if not isinstance(item, dict):
        raise BadKey(f"JWK 集第 {number} 项不是对象")
    if "d" in item:
        raise BadKey(f"JWK 集第 {number} 项含有私钥（d）：这里只应有公钥")
    if (item.get("kty"), item.get("crv"), item.get("alg", ALGORITHM)) != ("OKP", "Ed25519", ALGORITHM):
        raise BadKey(f"JWK 集第 {number} 项不是 Ed25519 公钥（kty=OKP，crv=Ed25519，alg=EdDSA）")
    owner = item.get("owner")
    if not isinstance(owner, str) or not owner:
        raise BadKey(f"JWK 集第 {number} 项没有写明所有者（owner）")
    try:
        public = Ed25519PublicKey.from_public_bytes(from_base64url(item["x"]))
    except (KeyError, TypeError, ValueError):
        raise BadKey(f"JWK 集第 {number} 项的公钥（x）无效") from None
    kid = thumbprint(public)
    if item.get("kid") != kid:
        raise BadKey(f"JWK 集第 {number} 项的 kid 应为 {kid}（RFC 7638）")
    return PublicKey(owner, kid, public)


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def base64url(value: bytes) -> str:
    """Return bytes in base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes that a text in base64url without padding stands for. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
