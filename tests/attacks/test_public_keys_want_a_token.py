"""The attacker knows what everybody may know, the public keys, and wants a token that opens a service."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hongxia.keys import OPERATOR, SigningKey
from tests import keys
from tests.attacks.forging import HEAD, LEFT_OUT, Door, claims, part, signed

KNOWN = keys.signing_key(OPERATOR).public()
KID = {"kid": KNOWN.kid}
MINE = SigningKey.generate(OPERATOR)


@pytest.fixture
def registry(unslowed: None) -> Door:
    return Door("registry")


def hashed(secret: bytes, algorithm: str, digest: Any) -> str:
    """A token that an HMAC signs. PyJWT refuses to make one from a public key, which an attacker does by hand."""
    body = f"{part({'alg': algorithm, 'typ': 'JWT', **KID})}.{part(claims())}"
    return f"{body}.{part(hmac.new(secret, body.encode(), digest).digest())}"


def public_key_as_bytes() -> list[bytes]:
    """The operator's public key in every form in which somebody might hand it to an HMAC."""
    encodings = [
        (serialization.Encoding.Raw, serialization.PublicFormat.Raw),
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    ]
    forms = [KNOWN.public.public_bytes(*encoding) for encoding in encodings]
    return [*forms, forms[1].strip(), KNOWN.jwk()["x"].encode(), keys.public_keys().jwks().encode(), KNOWN.kid.encode()]


def test_the_operators_own_token_opens_the_service(registry: Door) -> None:
    assert registry.status(signed(keys.signing_key(OPERATOR))) == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_no_signature_is_no_token(registry: Door, algorithm: str) -> None:
    body = f"{part({'alg': algorithm, **KID})}.{part(claims())}"
    for token in (f"{body}.", body, f"{body}.{part(b'')}", f"{body}.{part(bytes(64))}"):
        assert registry.status(token) == 401


def test_a_public_key_is_no_secret_to_sign_with(registry: Door) -> None:
    for secret in public_key_as_bytes():
        for algorithm, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
            assert registry.status(hashed(secret, algorithm, digest)) == 401


def test_the_secret_of_before_signs_nothing(registry: Door) -> None:
    for header in ({}, KID):
        token = jwt.encode({**claims(), "iss": "hongxia"}, "s" * 32, algorithm="HS256", headers=header)
        assert registry.status(token) == 401


def test_a_key_of_the_attackers_own_is_not_believed_whatever_it_is_called(registry: Door) -> None:
    for kid in (None, KNOWN.kid, "", "../public_keys", "/dev/null", "' OR 1=1 --", KNOWN.kid.lower(), KNOWN.kid + " "):
        assert registry.status(signed(MINE, kid=kid)) == 401


@pytest.mark.parametrize("kid", [None, 7, True, [], {}, [KNOWN.kid], {"kid": KNOWN.kid}])
def test_a_kid_that_is_no_text_is_no_kid(registry: Door, kid: Any) -> None:
    header = {"alg": "EdDSA", "typ": "JWT", "kid": kid}
    body = f"{part(header)}.{part(claims())}"
    assert registry.status(f"{body}.{part(MINE.sign(body.encode()))}") == 401


def test_a_token_that_brings_its_own_key_is_not_believed(registry: Door) -> None:
    brought: list[dict[str, Any]] = [
        {"jwk": MINE.public().jwk()},
        {"jku": "http://127.0.0.1:9/keys"},
        {"x5u": "http://127.0.0.1:9/keys"},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
    ]
    for more in brought:
        body = f"{part({'alg': 'EdDSA', **KID, **more})}.{part(claims())}"
        assert registry.status(f"{body}.{part(MINE.sign(body.encode()))}") == 401


def test_other_signatures_than_ed25519_are_refused(registry: Door) -> None:
    others: list[tuple[Any, str]] = [
        (rsa.generate_private_key(65537, 2048), "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
    ]
    for private, algorithm in others:
        assert registry.status(jwt.encode(claims(), private, algorithm=algorithm, headers=KID)) == 401


def test_a_signature_holds_for_nothing_but_what_it_was_made_for(registry: Door) -> None:
    header, body, signature = signed(keys.signing_key(OPERATOR), roles=["subscriber"]).split(".")
    assert registry.status(f"{header}.{body}.{signature}", HEAD) == 200
    assert registry.status(f"{header}.{part(claims())}.{signature}") == 401
    assert registry.status(f"{part({'alg': 'EdDSA', 'x': 1, **KID})}.{body}.{signature}", HEAD) == 401
    other = signed(keys.signing_key(OPERATOR)).split(".")[2]
    assert registry.status(f"{header}.{body}.{other}", HEAD) == 401


WRONG = [LEFT_OUT, None, "", [], {}, 0, -1, True, 1.5, "x" * 3000, ["admin", 7], float("nan"), 10**400]
CLAIMS = ("iss", "sub", "aud", "roles", "iat", "exp", "jti")


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize(
    "value", [LEFT_OUT, None, "", [], {}, 0, -1, True, 1.5, "x" * 3000, ["admin", 7], float("nan")]
)
def test_a_token_that_lacks_a_claim_or_has_it_wrong_opens_nothing(registry: Door, name: str, value: Any) -> None:
    """Even where the operator signed it: a fault in making a token must open nothing."""
    shown = registry.status(signed(keys.signing_key(OPERATOR), **{name: value}))
    assert shown == (403 if (name, value) == ("roles", []) else 401)


def test_roles_that_nobody_knows_are_refused_with_the_whole_token(registry: Door) -> None:
    for roles in (["admin", "root"], ["Admin"], ["admin "], ["operator", "auditor"], ["admin\x00"]):
        assert registry.status(signed(keys.signing_key(OPERATOR), roles=roles)) == 401


@pytest.mark.parametrize("size", [5_000, 60_000])
def test_a_token_of_any_size_is_answered_with_401(registry: Door, size: int) -> None:
    for token in ("a" * size, "." * size, "e30." * size, f"{part(b'[' * size)}.{part(b'[' * size)}.AAAA", "é" * size):
        assert registry.status(token) == 401
