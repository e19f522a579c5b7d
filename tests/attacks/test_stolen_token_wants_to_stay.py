"""The attacker has somebody's token, or that of a person who left, and wants to use it for as long as it says.

Before, no token could be taken back but by new secrets for everything and a minute without service.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hongxia.keys import OPERATOR, PublicKeys, SigningKey
from hongxia.revoked import Entry, append
from hongxia.runtime.runner import Embedded
from tests import keys
from tests.attacks.forging import Door, signed

pytestmark = pytest.mark.usefixtures("unslowed")


@pytest.fixture
def embedded(tmp_path: Path) -> Embedded:
    """The files of an installation: keys, and the list of revoked tokens."""
    made = Embedded(tmp_path / "data", "127.0.0.1:9")
    made.complete_keys()
    return made


def start(embedded: Embedded) -> list[Door]:
    """Start services that share those files; two of the registry, which are replicas."""
    return [Door(name, embedded.settings(name)) for name in ("registry", "finance", "registry")]


def all_answer(services: list[Door], token: str) -> set[int]:
    """Return the statuses with which the services answer."""
    return {service.status(token) for service in services}


@pytest.fixture
def stolen(embedded: Embedded) -> str:
    return signed(_operator(embedded), sub="zhang", jti="stolen-1")


def _operator(embedded: Embedded) -> SigningKey:
    return SigningKey.from_pem(OPERATOR, (embedded.keys / "operator_signing_key").read_text())


@pytest.mark.parametrize("entry", [("jti", "stolen-1"), ("subject", "zhang")])
def test_it_opens_nothing_once_it_is_on_the_list_in_all_services_and_replicas_without_a_restart(
    embedded: Embedded, stolen: str, every_look: None, entry: Any
) -> None:
    services = start(embedded)
    assert all_answer(services, stolen) == {200}
    append(embedded.keys / "revoked_tokens", [Entry(datetime.now(UTC), "revoke", *entry)])
    assert all_answer(services, stolen) == {401}
    assert all_answer(services, signed(_operator(embedded), sub="li", jti="other")) == {200}


def test_a_restart_and_an_empty_or_older_database_do_not_bring_it_back(embedded: Embedded, stolen: str) -> None:
    append(embedded.keys / "revoked_tokens", [Entry(datetime.now(UTC), "revoke", "jti", "stolen-1")])
    assert all_answer(start(embedded), stolen) == {401}


def test_a_list_that_was_emptied_halfway_or_lost_does_not_bring_it_back(
    embedded: Embedded, stolen: str, every_look: None
) -> None:
    path = embedded.keys / "revoked_tokens"
    append(path, [Entry(datetime.now(UTC), "revoke", "jti", "stolen-1")])
    services = start(embedded)
    whole = path.read_text()
    path.write_text("garbage\n" + whole)
    assert all_answer(services, stolen) == {401}
    path.unlink()
    assert all_answer(services, stolen) == {401}


def test_an_old_key_of_the_issuer_ends_with_its_public_key_without_a_restart(
    embedded: Embedded, stolen: str, every_look: None
) -> None:
    services, path = start(embedded), embedded.keys / "public_keys"
    new, known = SigningKey.generate(OPERATOR), PublicKeys.from_jwks(path.read_text())
    path.write_text(PublicKeys([*known.all(), new.public()]).jwks())
    assert all_answer(services, stolen) == {200}
    assert all_answer(services, signed(new)) == {200}
    path.write_text(PublicKeys([*(key for key in known.all() if key.owner != OPERATOR), new.public()]).jwks())
    assert all_answer(services, stolen) == {401}
    assert all_answer(services, signed(new)) == {200}


def test_a_token_for_one_service_opens_no_other(embedded: Embedded) -> None:
    for audience in ("registry", ["registry", "outreach"]):
        token = signed(_operator(embedded), aud=audience)
        assert [door.status(token) for door in start(embedded)] == [200, 401, 200]


def test_the_key_of_another_installation_opens_nothing(embedded: Embedded) -> None:
    assert all_answer(start(embedded), signed(keys.signing_key(OPERATOR))) == {401}
