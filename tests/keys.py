"""The keys of an installation for tests: the same in every run, made when they are first asked for."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any
from uuid import uuid4

from hongxia import services
from hongxia.events import heads
from hongxia.events.heads import Prove, Sign
from hongxia.http import auth
from hongxia.http.auth import EVERY_SERVICE, Verifier
from hongxia.http.failures import Failures
from hongxia.keys import OPERATOR, PublicKeys, SigningKey
from tests import INSTALLATION

OWNERS = (*services.names(), OPERATOR)


@cache
def signing_key(owner: str) -> SigningKey:
    """Return the private key of an owner (of any name: one that no service has serves as a foreign key)."""
    return SigningKey.from_seed(owner, hashlib.sha256(f"test key of {owner}".encode()).digest())


@cache
def public_keys() -> PublicKeys:
    """Return the public keys of all services and of the operator."""
    return PublicKeys.of(*(signing_key(owner) for owner in OWNERS))


def pair(service: str) -> tuple[SigningKey, PublicKeys]:
    """Return what a service's Settings hold: its own private key, and the public keys of all."""
    return signing_key(service), public_keys()


def environment(service: str) -> dict[str, str]:
    """Return the settings of a service's keys, and of its installation, as environment variables."""
    return {
        "SIGNING_KEY": signing_key(service).pem(),
        "PUBLIC_KEYS": public_keys().jwks(),
        "HONGXIA_BUREAU": INSTALLATION.bureau,
        "HONGXIA_SECRET": INSTALLATION.secret,
    }


def sign_as(owner: str) -> Sign:
    """Return what signs the heads of a source's log."""
    return partial(heads.sign, signing_key(owner))


def prove_of(owner: str) -> Prove:
    """Return what tells which place in a source's history a signed head proves, whoever the source is."""
    keys = PublicKeys.of(signing_key(owner))
    return lambda head: heads.proved_place(head, keys, owner)


def token(*roles: str, subject: str = "somebody", audience: str = EVERY_SERVICE, hours: float = 1) -> str:
    """Return a token of the operator's, valid from now on."""
    key, now = signing_key(OPERATOR), datetime.now(UTC)
    return auth.mint(key, subject, roles, audience, now, timedelta(hours=hours), str(uuid4()))


def verifier(service: str, **options: Any) -> Verifier:
    """Return what verifies tokens at a service; its refusals wait for nobody."""
    return Verifier(service, public_keys, failures=Failures(sleep=lambda _seconds: None), **options)
