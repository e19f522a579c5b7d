"""The keys of an installation: reading, checking, making and refusing them."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hongxia.keys import BadKey, PublicKeys, SigningKey, complete_keys, read_signing_key
from tests.keys import public_keys, signing_key

RFC_8037_SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
RFC_8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def with_member(**changes: Any) -> str:
    """Return a set whose one key differs in some members; None leaves a member out."""
    item = {**signing_key("registry").public().jwk(), **changes}
    return json.dumps({"keys": [{name: value for name, value in item.items() if value is not None}]})


def test_the_kid_is_the_thumbprint_that_rfc_8037_prints() -> None:
    assert SigningKey.from_seed("registry", bytes.fromhex(RFC_8037_SEED)).kid == RFC_8037_THUMBPRINT


def test_a_signature_is_believed_only_of_its_owner_its_key_and_its_message() -> None:
    known, key, other = public_keys(), signing_key("registry"), signing_key("finance")
    signature = key.sign(b"head")
    assert known.verify("registry", key.kid, signature, b"head")
    assert not known.verify("finance", key.kid, signature, b"head")
    assert not known.verify("registry", other.kid, signature, b"head")
    assert not known.verify("registry", key.kid, signature, b"head!")
    assert not known.verify("registry", key.kid, other.sign(b"head"), b"head")
    assert not known.verify("registry", key.kid, b"", b"head")
    assert not known.verify("registry", "unknown", signature, b"head")


def test_an_owner_has_two_keys_while_one_is_rotated() -> None:
    old, new = signing_key("registry"), SigningKey.generate("registry")
    known = PublicKeys.of(old, new, signing_key("finance"))
    assert known.kids_of("registry") == {old.kid, new.kid}
    assert known.verify("registry", old.kid, old.sign(b"x"), b"x")
    assert known.verify("registry", new.kid, new.sign(b"x"), b"x")
    assert (known.owner_of(new.kid), known.owner_of("unknown")) == ("registry", None)


def test_a_set_of_keys_is_read_as_it_was_written() -> None:
    written = public_keys().jwks()
    assert PublicKeys.from_jwks(written).jwks() == written
    assert '"d"' not in written


def test_a_private_key_is_read_as_it_was_written() -> None:
    key = SigningKey.from_pem("finance", signing_key("finance").pem())
    assert (key.owner, key.kid) == ("finance", signing_key("finance").kid)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_keys_that_openssl_makes_are_read() -> None:
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True, timeout=30)
    key = SigningKey.from_pem("registry", made.stdout.decode())
    assert PublicKeys.of(key).verify("registry", key.kid, key.sign(b"x"), b"x")


@pytest.mark.parametrize(
    "algorithm", [("rsa", "rsa_keygen_bits:2048"), ("ec", "ec_paramgen_curve:P-256"), ("x25519", "")]
)
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_private_keys_of_other_algorithms_are_refused(algorithm: tuple[str, str]) -> None:
    options = ["-pkeyopt", algorithm[1]] if algorithm[1] else []
    made = subprocess.run(
        ["openssl", "genpkey", "-algorithm", algorithm[0], *options], capture_output=True, check=True, timeout=60
    )
    with pytest.raises(BadKey, match="不是 Ed25519 私钥"):
        SigningKey.from_pem("registry", made.stdout.decode())


@pytest.mark.parametrize(
    "text", ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "\ud800"]
)
def test_what_is_no_private_key_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(BadKey) as refused:
        SigningKey.from_pem("registry", text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "不是 JWK 集"),
        ("[]", "不是 JWK 集"),
        ('{"keys": 3}', "没有公钥"),
        ('{"keys": []}', "没有公钥"),
        ('{"keys": ["x"]}', "第 1 项不是对象"),
        ("[" * 100_000, "不是 JWK 集"),
        (with_member(d="secret"), "含有私钥"),
        (with_member(kty="RSA"), "不是 Ed25519 公钥"),
        (with_member(crv="X25519"), "不是 Ed25519 公钥"),
        (with_member(alg="HS256"), "不是 Ed25519 公钥"),
        (with_member(owner=None), "没有写明所有者"),
        (with_member(owner=7), "没有写明所有者"),
        (with_member(x=None), "公钥（x）无效"),
        (with_member(x="AAAA"), "公钥（x）无效"),
        (with_member(x="*" * 43), "公钥（x）无效"),
        (with_member(x=7), "公钥（x）无效"),
        (with_member(kid="mine"), "kid 应为"),
        (with_member(kid=None), "kid 应为"),
    ],
)
def test_what_is_no_set_of_public_keys_is_refused_with_the_reason(text: str, fault: str) -> None:
    with pytest.raises(BadKey, match=fault):
        PublicKeys.from_jwks(text)


def test_one_key_with_two_owners_is_refused() -> None:
    shared = signing_key("registry").private
    with pytest.raises(BadKey, match="两个所有者"):
        PublicKeys.of(SigningKey.of("registry", shared), SigningKey.of("finance", shared))


def test_the_keys_of_a_directory_are_made_once_and_hidden_from_others(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    complete_keys(directory, ["registry", "operator"])
    first = {path.name: path.read_text() for path in directory.iterdir()}
    complete_keys(directory, ["registry", "operator"])
    assert {path.name: path.read_text() for path in directory.iterdir()} == first
    assert set(first) == {"registry_signing_key", "operator_signing_key", "public_keys"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    key = read_signing_key(directory, "registry")
    assert PublicKeys.from_jwks(first["public_keys"]).verify("registry", key.kid, key.sign(b"x"), b"x")


def test_a_directory_gets_the_keys_of_a_service_that_came_later(tmp_path: Path) -> None:
    complete_keys(tmp_path, ["registry"])
    old = read_signing_key(tmp_path, "registry")
    complete_keys(tmp_path, ["registry", "finance"])
    known = PublicKeys.from_jwks((tmp_path / "public_keys").read_text())
    assert known.kids_of("registry") == {old.kid}
    assert known.kids_of("finance") == {read_signing_key(tmp_path, "finance").kid}
