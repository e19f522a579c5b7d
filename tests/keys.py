"""The keys of an installation for tests: the same in every run, made when they are first asked for."""

from __future__ import annotations

import hashlib
from functools import cache

from hongxia import services
from hongxia.keys import OPERATOR, PublicKeys, SigningKey

OWNERS = (*services.names(), OPERATOR)


@cache
def signing_key(owner: str) -> SigningKey:
    """Return the private key of an owner (of any name: one that no service has serves as a foreign key)."""
    return SigningKey.from_seed(owner, hashlib.sha256(f"test key of {owner}".encode()).digest())


@cache
def public_keys() -> PublicKeys:
    """Return the public keys of all services and of the operator."""
    return PublicKeys.of(*(signing_key(owner) for owner in OWNERS))


def environment(service: str) -> dict[str, str]:
    """Return the settings of a service's keys as environment variables."""
    return {"SIGNING_KEY": signing_key(service).pem(), "PUBLIC_KEYS": public_keys().jwks()}
